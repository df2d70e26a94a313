import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumArgs, findChromium } from './scripts/chromium.mjs';

const source = (path: string): string => fileURLToPath(new URL(`./packages/${path}`, import.meta.url));
const chromium = findChromium();

/** Tests run on sources; only `tests/` uses what was built. */
const alias = [
  { find: /^@org\/track-core\/testing$/, replacement: source('core/src/testing/index.ts') },
  { find: /^@org\/track-core$/, replacement: source('core/src/index.ts') },
  { find: /^@org\/track-browser$/, replacement: source('browser/src/index.ts') },
  { find: /^@org\/track-node\/duckdb$/, replacement: source('node/src/destination/duckdb.ts') },
  { find: /^@org\/track-node$/, replacement: source('node/src/index.ts') },
];

export default defineConfig({
  test: {
    projects: [
      { resolve: { alias }, test: { name: 'core', environment: 'node', include: ['packages/core/src/**/*.test.ts'] } },
      {
        resolve: { alias },
        test: {
          name: 'types',
          include: [],
          typecheck: { enabled: true, only: true, include: ['packages/*/src/**/*.test-d.ts'], tsconfig: 'tsconfig.types.json' },
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'dom',
          environment: 'happy-dom',
          environmentOptions: { happyDOM: { url: 'http://localhost:3999/page' } },
          include: ['packages/browser/src/**/*.test.ts'],
          exclude: ['**/*.browser.test.ts'],
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'chromium',
          include: ['packages/*/src/**/*.browser.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { ...(chromium === undefined ? {} : { executablePath: chromium }), args: chromiumArgs },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      { resolve: { alias }, test: { name: 'node', environment: 'node', include: ['packages/node/src/**/*.test.ts'] } },
      {
        test: {
          name: 'journey',
          environment: 'node',
          include: ['tests/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
