import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { page: 'client/page.ts' },
  format: ['esm'],
  platform: 'browser',
  target: 'es2022',
  minify: true,
  clean: true,
  noExternal: [/.*/],
});
