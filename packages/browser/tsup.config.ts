import { defineConfig, type Options } from 'tsup';
import { internalNames } from './internal-names.ts';

// Core comes along, so that what the two say to each other can be said with short names. Its types stay where they are.
// From its sources: of files a bundler leaves out what is not used, of one flat file it cannot.
const small: Options = {
  entry: { index: 'src/index.ts' },
  target: 'es2022',
  sourcemap: true,
  noExternal: ['@org/track-core'],
  esbuildOptions(options) {
    options.alias = { '@org/track-core': '../core/src/index.ts' };
    options.mangleProps = new RegExp(`^(${internalNames.join('|')})$`);
  },
};

export default defineConfig([
  { ...small, format: ['esm', 'cjs'], dts: true, clean: true },
  {
    // For pages without a bundler: one file that defines the global `orgTrack`.
    ...small,
    entry: { 'track-browser': 'src/index.ts' },
    format: ['iife'],
    globalName: 'orgTrack',
    minify: true,
    outExtension: () => ({ js: '.iife.js' }),
  },
]);
