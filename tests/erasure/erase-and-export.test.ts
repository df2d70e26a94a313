import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { createTracker, sqliteOutbox } from '@org/track-node';
import { afterEach, describe, expect, test } from 'vitest';
import { aConfig, anEvent, createWorkplace, secretKey, until, type Workplace } from '../track-process.ts';

const adminKey = 'secret-of-the-operators';

let place: Workplace;
afterEach(() => place.remove());

interface Receipt {
  readonly id: string;
  readonly stage: string;
  readonly destinations: readonly { readonly destination: string; readonly state: string }[];
}

async function receiptsAt(...args: readonly string[]): Promise<readonly Receipt[]> {
  const { stdout } = await place.run('receipts', '--json', ...args);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Receipt);
}

describe('the guide', () => {
  const guide = readFileSync(new URL('../../docs/guides/erase-and-export.md', import.meta.url), 'utf8');
  const blocks = (language: string): readonly string[] =>
    [...guide.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, text = '']) => text);

  test('its config, commands and requests do what it says', async () => {
    const config = (blocks('ts')[0] ?? '').replace(
      'admin: {',
      "server: { host: '127.0.0.1', port: 0 },\n  admin: { port: 0,",
    );
    place = createWorkplace(config, { TRACK_KEY: secretKey, TRACK_ADMIN_KEY: adminKey });
    const server = await place.serve();
    await server.post([
      anEvent('1', { anonymousId: 'phone' }),
      anEvent('2', { userId: undefined, anonymousId: 'phone' }),
      anEvent('3', { userId: 'u2' }),
    ]);
    await until('all in the warehouse', async () =>
      /track_destination_delivered_total\{destination="duckdb"\} 3/.test(await (await server.admin('/metrics')).text()),
    );

    const lines = blocks('sh').flatMap((block) => block.trim().split('\n'));
    const codes: Record<string, number | null> = {};
    for (const line of lines) {
      const [, ...args] = line.split(' ');
      codes[line] = (await place.run(...args)).code;
    }
    expect(codes).toEqual({
      'track export --user u1 --output u1.ndjson': 0,
      'track erase --user u1': 1,
      'track erase --user u1 --yes': 0,
      'track compact duckdb': 0,
      'track receipts': 0,
      'track receipts --user u1': 0,
    });
    const exported = readFileSync(place.path('u1.ndjson'), 'utf8').trim().split('\n');
    const stores = exported.map((line) => (JSON.parse(line) as { store: string }).store);
    expect(stores).toEqual(['log', 'log', 'destination', 'destination']);

    const env = { ...process.env, TRACK_ADMIN_URL: server.adminUrl, TRACK_ADMIN_KEY: adminKey };
    const script = place.write('ask.mjs', blocks('js')[0] ?? '');
    const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
    const said = JSON.parse(stdout);
    const destinations = [{ destination: 'duckdb', state: 'erased', rows: 1, tries: 1, at: expect.any(Number) }];
    expect(said).toMatchObject({ lines: 2, status: 200, receipt: { stage: 'done', events: 1, destinations } });
    expect(said.receipts).toEqual([said.receipt]);
    expect(JSON.stringify(said.receipt)).not.toContain('u2');

    const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${server.adminUrl}${path}`, init);
    const authorization = `Bearer ${adminKey}`;
    const shown = await ask(`/v1/privacy/receipts/${said.receipt.id}`, { headers: { authorization } });
    expect(await shown.json()).toEqual(said.receipt);
    const refused = async (path: string, headers: Record<string, string>, body = '{}'): Promise<string> => {
      const reply = await ask(path, { method: 'POST', headers, body });
      return `${reply.status} ${((await reply.json()) as { error: string }).error}`;
    };
    const unread = await ask('/v1/privacy/receipts/none', { headers: { authorization } });
    const got = await ask('/v1/privacy/export', { headers: { authorization } });
    expect([
      await refused('/v1/privacy/erase', {}),
      await refused('/v1/privacy/erase', { authorization: `Bearer ${secretKey}` }),
      await refused('/v1/privacy/erase', { authorization, origin: 'https://shop.example' }),
      await refused('/v1/privacy/erase', { authorization }),
      await refused('/v1/privacy/erase', { authorization }, 'no json'),
      await refused('/v1/privacy/erase', { authorization }, '{"userId":7}'),
      await refused('/v1/privacy/forget', { authorization }, '{"userId":"u1"}'),
      `${unread.status} ${((await unread.json()) as { error: string }).error}`,
      `${got.status} ${((await got.json()) as { error: string }).error}`,
    ]).toEqual([
      '401 no-key',
      '401 no-key',
      '403 not-for-browsers',
      '400 wrong-request',
      '400 not-json',
      '400 wrong-request',
      '404 unknown-address',
      '404 unknown-receipt',
      '405 wrong-method',
    ]);
    const files = ['log.db', 'log.db-wal'].map((file) => readFileSync(place.path(`.track/${file}`), 'latin1')).join();
    expect(['u1', 'u2', 'phone'].filter((id) => files.includes(JSON.stringify(id)))).toEqual([]);
    expect(server.output()).not.toContain(adminKey);
  });
});

describe('a server that is killed', () => {
  test('while a destination does not answer: the next one asks again, and says so in the receipt', async () => {
    place = createWorkplace(
      aConfig()
        .replace(
          "if (mode() === 'keep')",
          "if (mode() === 'hang') await new Promise(() => setTimeout(() => {}, 600_000));\n          if (mode() === 'keep')",
        )
        .replace(/(appendFileSync\('erased.ndjson'.*)/, '$1\n          return { rows: 1 };'),
    );
    place.write('mode.txt', 'hang');
    const server = await place.serve();
    const erasing = place.run('erase', '--user', 'u1', '--yes');
    await until('the destination is asked', async () => {
      const [receipt] = await receiptsAt();
      return receipt?.stage === 'destinations';
    });
    const measures = await (await server.admin('/metrics')).text();
    expect(measures).toMatch(/^track_erasures_open 1$/m);
    expect(Number(/^track_erasures_oldest_age_seconds ([\d.e-]+)$/m.exec(measures)?.[1])).toBeGreaterThan(0);
    await server.end('SIGKILL');
    expect((await erasing).code).toBe(1);
    place.write('mode.txt', 'take');
    const next = await place.serve();
    await until('it is done', async () => (await receiptsAt('--user', 'u1'))[0]?.stage === 'done');
    expect(readFileSync(place.path('erased.ndjson'), 'utf8').trim()).toBe('{"userId":"u1"}');
    expect((await receiptsAt('--user', 'u1'))[0]?.destinations).toMatchObject([{ state: 'erased', rowsAtLeast: 1 }]);
    expect(await (await next.admin('/metrics')).text()).toMatch(/^track_erasures_open 0$/m);
    await next.end('SIGTERM');
  });
});

describe('an event of somebody who was erased that comes late', () => {
  test('out of an old outbox is refused, and the books say so', async () => {
    place = createWorkplace(aConfig());
    const server = await place.serve();
    // Its collector is away: the events wait in a file.
    const away = createServer((_, response) => response.writeHead(503).end());
    await new Promise<void>((resolve) => away.listen(0, '127.0.0.1', resolve));
    const options = { writeKey: secretKey, consent: { analytics: true } } as const;
    const phone = createTracker({
      ...options,
      endpoint: `http://127.0.0.1:${(away.address() as AddressInfo).port}/api/j`,
      outbox: sqliteOutbox(place.path('outbox.db')),
    });
    phone.track('Viewed', {}, { userId: 'u1' });
    phone.track('Viewed', {}, { userId: 'u2' });
    await phone.shutdown({ deadlineMs: 200 });
    away.closeAllConnections();
    away.close();

    expect((await place.run('erase', '--user', 'u1', '--yes')).code).toBe(0);
    const back = createTracker({ ...options, endpoint: server.url, outbox: sqliteOutbox(place.path('outbox.db')) });
    await back.flush({ deadlineMs: 20_000 });
    expect(back.stats()).toMatchObject({ accepted: 2, delivered: 1, pending: 0 });
    await back.shutdown();
    await until('the other one arrives', () => place.received().length > 0);
    expect(place.received().map(({ userId }) => userId)).toEqual(['u2']);
    const { stdout } = await place.run('export', '--user', 'u1');
    expect(stdout).toBe('');
    await server.end('SIGTERM');
  });
});
