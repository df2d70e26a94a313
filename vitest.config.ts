import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { chromiumArgs, findChromium } from './scripts/chromium.mjs';
import { chromium, isStrict } from './scripts/optional.mjs';
import { totalsReporter } from './scripts/totals-reporter.mjs';

const source = (path: string): string => fileURLToPath(new URL(`./packages/${path}`, import.meta.url));

/** Tests run on sources; only `tests/` uses what was built. */
const resolve = {
  alias: [
    { find: /^@org\/track-core\/testing$/, replacement: source('core/src/testing/index.ts') },
    { find: /^@org\/track-core$/, replacement: source('core/src/index.ts') },
    { find: /^@org\/track-browser$/, replacement: source('browser/src/index.ts') },
    { find: /^@org\/track-node\/duckdb$/, replacement: source('node/src/warehouse/duckdb.ts') },
    { find: /^@org\/track-node$/, replacement: source('node/src/index.ts') },
  ],
};

/**
 * For how long a test waits for what will come, unless it says otherwise: on a busy machine all takes longer, and only what
 * never comes is an error.
 */
const patience = { testTimeout: 60_000, hookTimeout: 120_000, expect: { poll: { timeout: 20_000 } } } as const;

const inChromium = 'packages/*/src/**/*.browser.test.ts';
const executablePath = findChromium();
const chromiumProject: TestProjectConfiguration = {
  resolve,
  test: {
    ...patience,
    name: 'chromium',
    include: [inChromium],
    // Files run side by side, in browser contexts of their own: those that do share no cookie.
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { ...(executablePath === undefined ? {} : { executablePath }), args: chromiumArgs },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
};

/** Without Chromium a developer still runs the rest; in CI the project stays and fails. */
const leaveOutChromium = !chromium.found && !isStrict;
const leftOut = leaveOutChromium
  ? [{ reason: `Chromium is missing. To run them, ${chromium.howToGet}.`, files: globSync(inChromium) }]
  : [];

/** Real processes, servers and browsers, on what was built: patient, for they wait more than they work, and so together. */
const slow = {
  ...patience,
  testTimeout: 120_000,
  environment: 'node',
  maxWorkers: 2,
  maxConcurrency: 2,
  sequence: { groupOrder: 1 },
} as const;

const projects: TestProjectConfiguration[] = [
  { resolve, test: { ...patience, name: 'core', environment: 'node', include: ['packages/core/src/**/*.test.ts'] } },
  {
    resolve,
    test: {
      name: 'types',
      include: [],
      typecheck: {
        enabled: true,
        only: true,
        include: ['packages/*/src/**/*.test-d.ts'],
        tsconfig: 'tsconfig.types.json',
      },
    },
  },
  {
    resolve,
    test: {
      ...patience,
      name: 'dom',
      environment: 'happy-dom',
      environmentOptions: { happyDOM: { url: 'http://localhost:3999/page' } },
      include: ['packages/browser/src/**/*.test.ts'],
      exclude: ['**/*.browser.test.ts'],
    },
  },
  ...(leaveOutChromium ? [] : [chromiumProject]),
  { resolve, test: { ...patience, name: 'node', environment: 'node', include: ['packages/node/src/**/*.test.ts'] } },
  { test: { ...slow, name: 'packages', include: ['tests/packages/**/*.test.ts'] } },
  {
    test: {
      ...slow,
      name: 'journey',
      include: ['tests/**/*.test.ts', 'examples/destination/*.test.ts'],
      exclude: ['tests/{packages,runtimes}/**'],
    },
  },
];

// `npm run test:runtimes`: half a gigabyte of other runtimes, so only when asked for.
if (process.env.TEST_RUNTIMES) {
  projects.push({ test: { ...slow, name: 'runtimes', include: ['tests/runtimes/*.test.ts'] } });
}

export default defineConfig({
  test: {
    projects,
    maxWorkers: Math.max(2, availableParallelism()),
    reporters: ['default', totalsReporter({ leftOut })],
  },
});
