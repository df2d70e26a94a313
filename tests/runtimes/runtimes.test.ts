import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  entries,
  installPacked,
  lend,
  lendOptionalPeers,
  type Project,
  packageManager,
} from '../packages/install-packed.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const delivered = { accepted: 1, delivered: 1, pending: 0, sent: 1, inert: { shutdown: 1 } };

let project: Project;
beforeAll(async () => {
  // Already there after the first time: then this takes a second.
  execFileSync('npx', ['--yes', packageManager, 'install', '--frozen-lockfile'], { cwd: here, stdio: 'inherit' });
  project = await installPacked();
  await lendOptionalPeers(project);
  for (const peer of ['react', 'react-dom']) await lend(project, peer, 'packages/browser');
}, 600_000);
afterAll(() => project?.remove());

// The first is the oldest that we promise.
describe.each(['node-22.13', 'node-22', 'node-24', 'node-26'])('%s', (version) => {
  const run = async (...args: string[]): Promise<unknown> =>
    JSON.parse(await project.run(`${here}node_modules/${version}/bin/node`, args));

  test('is the one it says', async () => {
    expect(await project.run(`${here}node_modules/${version}/bin/node`, ['-v'])).toMatch(version.replace('node-', 'v'));
  });

  test('imports and requires every entry, and nothing happens', async () => {
    for (const entry of await entries(project)) {
      const names = await run('names.mjs', entry);
      expect(names, entry).not.toEqual([]);
      expect(await run('names.cjs', entry), entry).toEqual(names);
      expect(await run('traces.mjs', entry), entry).toEqual([]);
    }
  });

  test('delivers an event', async () => {
    expect(await run('print-delivery.mjs')).toEqual(delivered);
  });

  test('looks after a log', async () => {
    expect(await run('look-after-a-log.mjs')).toEqual({
      dead: 2,
      others: 0,
      revived: 'revived',
      progress: { cursor: 1, oldestReceivedAt: true },
      quarantined: 1,
      replayed: 1,
      damage: [],
      erased: { events: 2, quarantined: 1, deadLetters: 1, anonymousIds: [] },
    });
  });
});

test.each([
  { runtime: 'bun', args: ['run'] },
  { runtime: 'deno', args: ['run', '--node-modules-dir=manual'] },
])('$runtime delivers an event', async ({ runtime, args }) => {
  const output = await project.run(`${here}node_modules/.bin/${runtime}`, [...args, 'print-delivery.mjs']);
  expect(JSON.parse(output)).toEqual(delivered);
});

test('a Worker counts the pages it served, those that another server made included', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { createWorkerTracker } from '@org/track-node/worker';
        import { servedPages } from '@org/track-node/worker-served';
        const tracker = createWorkerTracker({ endpoint: 'https://collector.example/api/j', writeKey: 'key' });
        const pages = servedPages(tracker);
        export default { fetch: tracker.fetch(pages.fetch(() => fetch('https://origin.example/'))) };`,
      resolveDir: project.path,
    },
    bundle: true,
    format: 'esm',
    external: ['node:*'],
    write: false,
  });
  const { Miniflare, Response: Answer } = createRequire(import.meta.url)('miniflare');
  const received: unknown[] = [];
  const worker = new Miniflare({
    modules: true,
    script: outputFiles[0]?.text,
    compatibilityDate: '2026-01-01',
    compatibilityFlags: ['nodejs_compat'],
    async outboundService(request: Request) {
      if (new URL(request.url).host === 'origin.example') {
        const headers = { 'content-type': 'text/html', 'content-encoding': 'gzip', 'x-own': 'kept' };
        return new Answer('<p>Hello', { headers });
      }
      received.push(...((await request.json()) as { readonly batch: readonly unknown[] }).batch);
      return Answer.json({ success: true });
    },
  });
  try {
    const response = await fetch(new URL('/journal', await worker.ready), {
      headers: { 'user-agent': 'curl/8.5.0' },
    });
    expect(await response.text()).toBe('<p>Hello');
    const [, id] = /^doc;desc="([\da-f-]{36})"$/.exec(response.headers.get('server-timing') ?? '') ?? [];
    expect([response.status, response.headers.get('x-own'), id]).toEqual([200, 'kept', expect.any(String)]);
    await expect
      .poll(() => received, { timeout: 20_000 })
      .toMatchObject([
        {
          event: 'Page Served',
          properties: { page_view_id: id, consent: 'undecided', bot: 'curl' },
          context: { page: { path: '/journal' } },
        },
      ]);
  } finally {
    await worker.dispose();
  }
});

test('a Worker delivers an event', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { deliverOne } from './deliver-one.mjs';
        export default { fetch: async () => Response.json(await deliverOne()) };`,
      resolveDir: project.path,
    },
    bundle: true,
    format: 'esm',
    write: false,
  });
  const { Miniflare } = createRequire(import.meta.url)('miniflare');
  const worker = new Miniflare({ modules: true, script: outputFiles[0]?.text, compatibilityDate: '2026-01-01' });
  try {
    const response = await worker.dispatchFetch('http://localhost/');
    expect(await response.json()).toEqual(delivered);
  } finally {
    await worker.dispose();
  }
});
