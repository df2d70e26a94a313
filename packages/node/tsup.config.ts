import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    bots: 'src/enrichment/bots.ts',
    duckdb: 'src/destination/duckdb.ts',
    geo: 'src/enrichment/geo.ts',
    'user-agents': 'src/enrichment/user-agents.ts',
  },
  format: ['esm', 'cjs'],
  dts: true,
  sourcemap: true,
  clean: true,
  target: 'es2022',
  // node:sqlite exists only with its prefix.
  removeNodeProtocol: false,
});
