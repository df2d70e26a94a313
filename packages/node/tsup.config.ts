import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts', duckdb: 'src/destination/duckdb.ts' },
  format: ['esm', 'cjs'],
  dts: true,
  sourcemap: true,
  clean: true,
  target: 'es2022',
  // node:sqlite exists only with its prefix.
  removeNodeProtocol: false,
});
