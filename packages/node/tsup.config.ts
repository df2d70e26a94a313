import { defineConfig, type Options } from 'tsup';
import { writeLicenses } from './write-licenses.ts';

const shared: Options = {
  sourcemap: true,
  target: 'es2022',
  // node:sqlite exists only with its prefix.
  removeNodeProtocol: false,
};

export default defineConfig([
  {
    ...shared,
    entry: {
      index: 'src/index.ts',
      amplitude: 'src/destination/amplitude.ts',
      bigquery: 'src/warehouse/bigquery.ts',
      bots: 'src/enrichment/bots.ts',
      clickhouse: 'src/warehouse/clickhouse.ts',
      config: 'src/config/track-config.ts',
      'customer-io': 'src/destination/customer-io.ts',
      destination: 'src/destination/index.ts',
      duckdb: 'src/warehouse/duckdb.ts',
      files: 'src/warehouse/files.ts',
      ga4: 'src/destination/ga4.ts',
      geo: 'src/enrichment/geo.ts',
      hubspot: 'src/destination/hubspot.ts',
      klaviyo: 'src/destination/klaviyo.ts',
      lambda: 'src/http/lambda.ts',
      meta: 'src/destination/meta.ts',
      mixpanel: 'src/destination/mixpanel.ts',
      models: 'src/models/index.ts',
      next: 'src/http/next.ts',
      posthog: 'src/destination/posthog.ts',
      segment: 'src/destination/segment.ts',
      postgres: 'src/warehouse/postgres.ts',
      served: 'src/served/served-pages.ts',
      testing: 'src/testing/index.ts',
      'user-agents': 'src/enrichment/user-agents.ts',
      webhook: 'src/destination/webhook.ts',
      worker: 'src/worker.ts',
      'worker-served': 'src/served/worker-served-pages.ts',
    },
    format: ['esm', 'cjs'],
    dts: true,
    clean: ['dist/*.*'],
  },
  {
    // All in one: whoever installs us for a backend does not install what only the command line needs.
    ...shared,
    entry: { track: 'src/cli/cli.ts' },
    outDir: 'dist/cli',
    format: ['esm'],
    clean: true,
    metafile: true,
    // Of OpenTelemetry's API this is the copy that prom-client asks for; ours is the host's own, found at start.
    noExternal: ['isbot', '@opentelemetry/api'],
    // What was written as CommonJS asks for Node's modules by `require`.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    onSuccess: async () => writeLicenses('dist/cli/metafile-esm.json', 'dist/cli/LICENSES.txt'),
  },
]);
