import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entries, installPacked, lend, type Project } from './install-packed.ts';

const typescript = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

let project: Project;
beforeAll(async () => {
  project = await installPacked();
  await lend(project, '@duckdb/node-api', 'packages/node');
  await lend(project, '@types/node', '.');
});
afterAll(() => project?.remove());

const known = [
  '@org/track-core',
  '@org/track-core/testing',
  '@org/track-browser',
  '@org/track-browser/worker',
  '@org/track-node',
  '@org/track-node/duckdb',
];

test('the entries are those tested below', async () => {
  expect(await entries(project)).toEqual(known);
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
  for (const entry of ['@org/track-browser', '@org/track-browser/worker']) {
    const names = await node('development', 'names.mjs', entry);
    expect(await node('production', 'names.mjs', entry)).toBe(names);
    expect(await node('production', 'names.cjs', entry)).toBe(names);
  }
  expect(JSON.parse(await node('development', 'wrong-options.mjs'))).toEqual([
    'createTracker: apiHost is "x", expected one of endpoint, writeKey, capture, plugins, delivery, consent, queue, session, purposeOf, onDiagnostic',
    'createTracker: endpoint is undefined, expected a path like "/api/j", or an http(s) URL, without query and extension',
  ]);
  expect(JSON.parse(await node('production', 'wrong-options.mjs'))).toEqual([null, null]);
});

test.each(['nodenext', 'node16', 'bundler'])('its types compile with %s resolution', async (resolution) => {
  await project.run(process.execPath, [typescript, '-p', `tsconfig.${resolution}.json`]);
});
