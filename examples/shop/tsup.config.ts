import { defineConfig } from 'tsup';

// What the browser gets: one small module per kind of page, one stylesheet, two fonts.
export default defineConfig({
  entry: {
    shop: 'client/shop.ts',
    live: 'client/live.ts',
    insights: 'client/insights.ts',
    styles: 'styles/shop.css',
  },
  format: ['esm'],
  platform: 'browser',
  target: 'es2022',
  minify: true,
  clean: true,
  splitting: false,
  noExternal: [/.*/],
  loader: { '.woff2': 'file' },
});
