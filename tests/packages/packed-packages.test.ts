import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entries, installPacked, lend, lendOptionalPeers, type Project } from './install-packed.ts';

const typescript = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

let project: Project;
beforeAll(async () => {
  project = await installPacked();
  await lendOptionalPeers(project);
  await lend(project, '@types/node', '.');
  await lendReact('packages/browser');
});
afterAll(() => project?.remove());

/** React and what belongs to it, of the version that a folder of this repository has. */
async function lendReact(from: string): Promise<void> {
  for (const name of ['react', 'react-dom', '@types/react']) await lend(project, name, from);
}

const known = [
  '@org/track-browser',
  '@org/track-browser/overlay',
  '@org/track-browser/react',
  '@org/track-browser/worker',
  '@org/track-core',
  '@org/track-core/testing',
  '@org/track-node',
  '@org/track-node/amplitude',
  '@org/track-node/bigquery',
  '@org/track-node/bots',
  '@org/track-node/clickhouse',
  '@org/track-node/config',
  '@org/track-node/customer-io',
  '@org/track-node/destination',
  '@org/track-node/duckdb',
  '@org/track-node/files',
  '@org/track-node/ga4',
  '@org/track-node/geo',
  '@org/track-node/hubspot',
  '@org/track-node/klaviyo',
  '@org/track-node/lambda',
  '@org/track-node/meta',
  '@org/track-node/mixpanel',
  '@org/track-node/models',
  '@org/track-node/next',
  '@org/track-node/postgres',
  '@org/track-node/posthog',
  '@org/track-node/segment',
  '@org/track-node/served',
  '@org/track-node/testing',
  '@org/track-node/user-agents',
  '@org/track-node/webhook',
  '@org/track-node/worker',
  '@org/track-node/worker-served',
];

test('the entries are those tested below', async () => {
  expect((await entries(project)).sort()).toEqual(known);
});

test('the command runs with nothing else installed, and brings the licenses of what is in it', async () => {
  const licenses = JSON.stringify(join(project.path, 'node_modules/@org/track-node/dist/cli/LICENSES.txt'));
  expect(await project.run('npx', ['--no-install', 'track', 'serve', '--help'])).toContain('Usage: track serve');
  const print = `process.stdout.write(require('node:fs').readFileSync(${licenses}))`;
  expect(await project.run(process.execPath, ['-e', print])).toMatch(/commander .*pino .*prom-client /s);
});

test('npm lets the newest DuckDB in beside it, whose versions all look like pre-releases', async () => {
  const install = ['install', '--dry-run', '--loglevel=notice', '--no-audit', '--no-fund', '@duckdb/node-api'];
  expect(await project.run('npm', install)).toMatch(/@duckdb\/node-api/);
});

describe.each(known)('%s', (entry) => {
  const namesFrom = async (script: string): Promise<string[]> =>
    JSON.parse(await project.run(process.execPath, [script, entry]));

  test('imports, and offers CommonJS the same names', async () => {
    const names = await namesFrom('names.mjs');
    expect(names).not.toEqual([]);
    expect(await namesFrom('names.cjs')).toEqual(names);
  });

  test('leaves no global, listener, timer or handle behind when imported', async () => {
    expect(await namesFrom('traces.mjs')).toEqual([]);
  });
});

test('of the browser package, what visitors get has the same names, and throws nothing', async () => {
  const node = (condition: string, ...args: string[]): Promise<string> =>
    project.run(process.execPath, [`--conditions=${condition}`, ...args]);
  for (const entry of ['@org/track-browser', '@org/track-browser/worker', '@org/track-browser/overlay']) {
    const names = await node('development', 'names.mjs', entry);
    expect(await node('production', 'names.mjs', entry)).toBe(names);
    expect(await node('production', 'names.cjs', entry)).toBe(names);
  }
  expect(JSON.parse(await node('development', 'wrong-options.mjs'))).toEqual([
    'createTracker: apiHost is "x", expected one of endpoint, writeKey, capture, plugins, delivery, storage, consent, queue, session, purposeOf, onDiagnostic',
    'createTracker: endpoint is undefined, expected a path like "/api/j", or an http(s) URL, without query and extension',
  ]);
  expect(JSON.parse(await node('production', 'wrong-options.mjs'))).toEqual([null, null]);
});

test.each(['nodenext', 'node16', 'bundler'])(
  'its types compile with %s resolution',
  async (resolution) => {
    await project.run(process.execPath, [typescript, '-p', `tsconfig.${resolution}.json`]);
  },
  180_000,
);

describe.each([
  { react: '18', from: 'tests/packages/react-18' },
  { react: '19', from: 'packages/browser' },
])('with React $react', ({ react, from }) => {
  const node = async (condition: string, script: string): Promise<unknown> =>
    JSON.parse(await project.run(process.execPath, [`--conditions=${condition}`, script]));

  beforeAll(async () => {
    await lendReact(from);
    await lend(project, 'happy-dom', '.');
  });

  test.each(['development', 'production'])('an app runs on a server and in a page (%s)', async (condition) => {
    expect(await node(condition, 'react.mjs')).toEqual({
      version: expect.stringMatching(`^${react}\\.`),
      html: '<p><b>text</b></p>',
      lost: [],
      // Effects run twice under StrictMode; nothing of ours does.
      events: ['Effect Ran', 'Effect Ran', 'Product Viewed', 'page'],
    });
  });

  test("a component tells a test's tracker", async () => {
    expect(await node('development', 'component.mjs')).toEqual({ pass: true, tracked: ['somebody'] });
  });

  test('a component without a provider hears of it in development, and drops what it tracks in production', async () => {
    const message = expect.stringContaining('<TrackProvider tracker={…}>');
    expect(await node('development', 'lost.mjs')).toEqual({ message });
    expect(await node('production', 'lost.mjs')).toEqual({ kind: 'dropped', reason: 'no-provider', queued: false });
  });
});

test('with the oldest React the types compile, as they did with the newest', async () => {
  await lendReact('tests/packages/react-18');
  await project.run(process.execPath, [typescript, '-p', 'tsconfig.bundler.json']);
});
