import { defineConfig } from 'tsup';

export default defineConfig([
  {
    entry: { index: 'src/index.ts' },
    format: ['esm', 'cjs'],
    dts: true,
    sourcemap: true,
    clean: true,
    target: 'es2022',
  },
  {
    // For pages without a bundler: one file that holds core too and defines the global `orgTrack`.
    entry: { 'track-browser': 'src/index.ts' },
    format: ['iife'],
    globalName: 'orgTrack',
    minify: true,
    sourcemap: true,
    target: 'es2022',
    noExternal: [/.*/],
    outExtension: () => ({ js: '.iife.js' }),
  },
]);
