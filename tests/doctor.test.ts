import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, test } from 'vitest';
import { aConfig, anEvent, createWorkplace, secretKey, until, type Workplace } from './track-process.ts';

let place: Workplace;
afterEach(() => place.remove());

interface Finding {
  readonly about: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  readonly advice?: string;
}

/** What doctor found that is not well, and how it ended. */
async function examined(): Promise<{ code: number | null; troubles: readonly string[] }> {
  const { code, stdout, stderr } = await place.run('doctor', '--json');
  if (stderr !== '') throw new Error(stderr);
  const findings: Finding[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const { level, advice } of findings) if (level !== 'ok') expect(advice).toBeTypeOf('string');
  const troubles = findings.filter(({ level }) => level !== 'ok');
  return { code, troubles: troubles.map(({ about, level, message }) => `${level} ${about}: ${message}`) };
}

const well = { code: 0, troubles: [] };

test('nothing is wrong before the first start, while it serves, and after it stopped', async () => {
  place = createWorkplace();
  expect(await examined()).toEqual(well);
  const server = await place.serve();
  await server.post([anEvent('1')]);
  await until('the event', () => place.received().length === 1);
  expect(await examined()).toEqual(well);
  await server.end('SIGTERM');
  expect(await examined()).toEqual(well);
  const { stdout } = await place.run('doctor');
  expect(stdout).toContain('ok   log: It is sound, and can store.');
});

test('a server that was killed: said once, and mended by the next start', async () => {
  place = createWorkplace();
  place.write('mode.txt', 'hang');
  const server = await place.serve();
  await server.post([anEvent('1')]);
  await server.end('SIGKILL');
  const { code, troubles } = await examined();
  expect([code, troubles]).toEqual([0, [expect.stringContaining('warn server: The last one was killed.')]]);
  place.write('mode.txt', 'take');
  await (await place.serve()).end('SIGTERM');
  expect(place.received()).toHaveLength(1);
  expect(await examined()).toEqual(well);
});

test('a server that is not ready', async () => {
  place = createWorkplace(aConfig().replace("'.track/log.db'", "{ path: '.track/log.db', maxBytes: 400_000 }"));
  place.write('mode.txt', 'hang');
  const server = await place.serve();
  const big = { properties: { text: 'x'.repeat(30_000) } };
  let id = 0;
  await until('a full log', async () => (await server.post([anEvent(`${id++}`, big)])).status === 503);
  const { code, troubles } = await examined();
  expect(code).toBe(1);
  expect(troubles).toEqual([
    expect.stringContaining('is not ready: disk-full'),
    expect.stringContaining('fail log: Nothing can be stored: database or disk is full'),
  ]);
});

test('a destination that does not know us', async () => {
  place = createWorkplace();
  place.write('mode.txt', 'config unauthorized');
  const server = await place.serve();
  await server.post([anEvent('1')]);
  await until('a stop', async () =>
    (await (await server.admin('/metrics')).text()).includes('{destination="file",state="stopped"} 1'),
  );
  const { code, troubles } = await examined();
  expect([code, troubles]).toEqual([1, [expect.stringMatching(/^fail destination file: .* unauthorized\./)]]);
});

test('what was refused, what is wrong, and for whom the log is kept in vain', async () => {
  place = createWorkplace();
  place.write('mode.txt', 'dead no');
  const server = await place.serve();
  await server.post([anEvent('1'), anEvent('2', { event: '' })]);
  await until('the dead letter', async () =>
    /track_log_dead_letters 1/.test(await (await server.admin('/metrics')).text()),
  );
  await server.end('SIGTERM');
  place.write('track.config.ts', aConfig().replace("name: 'file'", "name: 'renamed'"));
  expect((await examined()).troubles).toEqual([
    expect.stringContaining('warn log: 1 events were refused'),
    expect.stringContaining('warn log: 1 events are in quarantine'),
    expect.stringContaining('The log keeps everything for "file"'),
  ]);
  expect((await place.run('forget', 'file')).code).toBe(0);
  expect((await place.run('forget', 'file')).code).toBe(1);
  expect((await examined()).troubles).toHaveLength(2);
});

describe('a config that works, and should not stay so', () => {
  test.each([
    { why: 'an endpoint of block lists', change: ["'/api/j'", "'/stats/events'"], says: 'warn endpoint: Block lists' },
    { why: 'a short secret', change: [secretKey, 'hunter2'], says: 'warn keys: A secret of "shop" can be guessed' },
    {
      why: 'no consent vouched for',
      change: [', consent: { analytics: true }', ''],
      says: 'warn keys: "shop" vouches',
    },
    { why: 'metrics for everybody', change: ['admin: {', "admin: { host: '0.0.0.0',"], says: 'warn admin: Whoever' },
    { why: 'test mode', change: ['admin:', 'testMode: true, admin:'], says: 'warn admin: Test mode is on' },
  ] as const)('$why', async ({ change: [from, to], says }) => {
    place = createWorkplace(aConfig().replaceAll(from, to));
    const { code, troubles } = await examined();
    expect([code, troubles]).toEqual([0, [expect.stringContaining(says)]]);
  });
});

describe('it does not work', () => {
  test('a log that a later version wrote', async () => {
    place = createWorkplace();
    await (await place.serve()).end('SIGTERM');
    const file = new DatabaseSync(place.path('.track/log.db'));
    file.exec('PRAGMA user_version = 99');
    file.close();
    const { code, stdout } = await place.run('doctor');
    expect([code, stdout]).toEqual([1, expect.stringContaining('npm install @org/track-node@latest')]);
  });

  test('a config that is wrong', async () => {
    place = createWorkplace('export default { endpoint: "j" }');
    const { code, troubles } = await examined();
    expect([code, troubles]).toEqual([1, [expect.stringContaining('fail config: track.config.ts: endpoint')]]);
  });

  test('a destination that does not open, with a secret in what it says', async () => {
    const open = `async open() { throw new Error('no such host for ${secretKey}'); }, async deliver`;
    place = createWorkplace(aConfig().replace('async deliver', open));
    const { code, troubles } = await examined();
    expect([code, troubles]).toEqual([1, ['fail destination file: It does not open: no such host for [secret]']]);
  });

  test('a port that somebody has', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await until('a port', () => other.listening);
    const { port } = other.address() as AddressInfo;
    place = createWorkplace(aConfig(`admin: { port: ${port} },`));
    const { code, troubles } = await examined();
    other.close();
    expect([code, troubles]).toEqual([
      1,
      [expect.stringContaining(`fail admin: 127.0.0.1:${port} cannot be listened on: another program has that port`)],
    ]);
  });

  test('a log that somebody else has open', async () => {
    place = createWorkplace();
    await place.serve();
    rmSync(place.path('.track/log.db.server'));
    const { code, troubles } = await examined();
    expect([code, troubles]).toEqual([1, [expect.stringContaining('another process has it open')]]);
  });

  test('a log that was damaged at rest', async () => {
    place = createWorkplace();
    const server = await place.serve();
    await server.post(
      Array.from({ length: 200 }, (_, id) => anEvent(`${id}`, { properties: { text: 'x'.repeat(500) } })),
    );
    await until('the events', () => place.received().length === 200);
    await server.end('SIGTERM');
    const bytes = readFileSync(place.path('.track/log.db'));
    // Past the schema, in the middle of the pages that hold the events.
    bytes.fill(0xff, 4_096 * 4, 4_096 * 12);
    place.write('.track/log.db', bytes);
    const { code, troubles } = await examined();
    expect(code).toBe(1);
    expect(troubles[0]).toMatch(/^fail log: /);
  });

  test('others may read what people did', async () => {
    if (process.platform === 'win32') return;
    place = createWorkplace();
    await (await place.serve()).end('SIGTERM');
    chmodSync(place.path('.track/log.db'), 0o644);
    expect((await examined()).troubles).toEqual([expect.stringContaining('warn log: Other users')]);
  });
});
