import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aConfig, anEvent, createWorkplace, type Served, until, type Workplace } from './track-process.ts';

let place: Workplace;
beforeEach(() => {
  place = createWorkplace();
});
afterEach(() => place.remove());

type Line = Readonly<Record<string, unknown>>;

/** What a command said with `--json`. */
async function json(...args: readonly string[]): Promise<readonly Line[]> {
  const { code, stdout, stderr } = await place.run(...args, '--json');
  if (code !== 0) throw new Error(`track ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

const receivedIds = (): readonly string[] => place.received().map(({ messageId }) => messageId);

/** Serves until everything that was posted is dead, or delivered. */
async function served(events: readonly object[], mode = 'take'): Promise<Served> {
  place.write('mode.txt', mode);
  const server = await place.serve();
  await server.post(events);
  await until('a fate for every event', async () =>
    /track_destination_waiting\{destination="file"\} 0/.test(await (await server.admin('/metrics')).text()),
  );
  return server;
}

/** Each command works at the server's desk, and at its own while no server runs. */
const desks = [
  { why: 'while a server runs', isServed: true },
  { why: 'while none runs', isServed: false },
];

describe.each(desks)('$why', ({ isServed }) => {
  /** Serves as above; then it runs on, or does not. */
  async function prepared(events: readonly object[], mode?: string): Promise<Served | undefined> {
    const server = await served(events, mode);
    if (isServed) return server;
    await server.end('SIGTERM');
    return undefined;
  }

  /** Waits for deliveries: of the server that runs, or of the next one. */
  async function delivered(ids: readonly string[]): Promise<void> {
    const next = isServed ? undefined : await place.serve();
    await until(`delivery of ${ids}`, () => ids.every((id) => receivedIds().includes(id)));
    await next?.end('SIGTERM');
  }

  test('dead letters are listed, shown, put right, delivered again, removed', async () => {
    await prepared([anEvent('1'), anEvent('2'), anEvent('3'), anEvent('4')], 'dead http-400');
    const letters = await json('dead', 'list');
    expect(letters.map(({ messageId, reason }) => [messageId, reason])).toEqual(
      ['4', '3', '2', '1'].map((id) => [id, 'http-400']),
    );
    for (const words of [['list'], ['replay', '--all']]) {
      const other = await place.run('dead', ...words, '--destination', 'other');
      expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('known are file')]);
    }
    const [four, three, two, one] = letters.map(({ id }) => String(id)) as [string, string, string, string];
    const others = await place.run('dead', 'replay', four, '--destination', 'other', '--json');
    expect([others.code, JSON.parse(others.stdout)]).toEqual([1, { id: Number(four), status: 'other-destination' }]);
    const [shown] = await json('dead', 'show', one);
    expect(shown).toMatchObject({ consumer: 'file', event: { messageId: '1', event: 'Viewed' } });

    place.write('mode.txt', 'take');
    const fixed = { ...(shown?.event as object), properties: { right: true } };
    place.write('wrong.json', JSON.stringify({ ...fixed, event: '' }));
    const wrong = await place.run('dead', 'fix', one, 'wrong.json');
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('The event is not right yet: event')]);
    place.write('fixed.json', JSON.stringify({ ...shown, event: fixed }));
    expect(await json('dead', 'fix', one, 'fixed.json')).toEqual([{ id: Number(one), status: 'revived' }]);
    expect(await json('dead', 'remove', two)).toEqual([{ id: Number(two), status: 'removed' }]);
    expect((await place.run('dead', 'replay', two)).code).toBe(1);
    expect((await place.run('dead', 'replay')).stderr).toContain('Name ids as listed, or --all.');
    expect((await json('dead', 'replay', '--all')).map(({ id }) => String(id))).toEqual([four, three]);
    expect(await json('dead', 'list')).toEqual([]);
    expect(await place.run('dead', 'replay', '--all')).toMatchObject({ code: 0, stderr: 'There is none.\n' });
    await delivered(['1', '3', '4']);
    expect(place.received().find(({ messageId }) => messageId === '1')).toMatchObject({ properties: { right: true } });
    expect(receivedIds()).not.toContain('2');
  });

  test('quarantined events are listed, shown, put right, taken in, removed', async () => {
    await prepared([
      anEvent('ok'),
      anEvent('x', { event: '' }),
      anEvent('y', { event: '' }),
      anEvent('z', { event: '' }),
    ]);
    const records = await json('quarantine', 'list');
    expect(records.map(({ messageId }) => messageId)).toEqual(['z', 'y', 'x']);
    const [z, y, x] = records.map(({ id }) => String(id)) as [string, string, string];
    const again = await place.run('quarantine', 'replay', '--all');
    expect([again.code, again.stdout]).toEqual([1, expect.stringContaining(`${z}: invalid: event`)]);
    expect(await json('quarantine', 'list')).toHaveLength(3);

    const [shown] = await json('quarantine', 'show', x);
    place.write('fixed.json', JSON.stringify({ ...(shown?.event as object), event: 'Right' }));
    expect(await json('quarantine', 'fix', x, 'fixed.json')).toEqual([{ id: Number(x), status: 'stored' }]);
    expect(await json('quarantine', 'remove', y)).toEqual([{ id: Number(y), status: 'removed' }]);
    expect((await json('quarantine', 'list')).map(({ messageId }) => messageId)).toEqual(['z']);
    await delivered(['x']);
    // The key it came with still vouches for it.
    expect(place.received().find(({ messageId }) => messageId === 'x')).toMatchObject({
      event: 'Right',
      source: 'server',
    });
  });

  test('a range of the log is delivered once more', async () => {
    const server = await served([anEvent('1')]);
    await server.post([anEvent('2')]);
    await until('both', () => receivedIds().length === 2);
    if (!isServed) await server.end('SIGTERM');
    const nobody = await place.run('replay', '--destination', 'nobody');
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('known are file')]);
    const turned = await place.run('replay', '--destination', 'file', '--from', '2021-01-01', '--to', '2020-01-01');
    expect([turned.code, turned.stderr]).toEqual([1, expect.stringContaining('--from is after --to')]);
    const [bySeq] = await json('replay', '--destination', 'file', '--from-position', '2');
    expect(bySeq).toMatchObject({ events: 1, fromSeq: 2, toSeq: 2 });
    await delivered(['2']);
    expect((await json('replay', '--destination', 'file', '--to', '2020-01-01'))[0]).toMatchObject({ events: 0 });
    expect((await json('replay', '--destination', 'file', '--from', '2020-01-01'))[0]).toMatchObject({ events: 2 });
    const next = isServed ? undefined : await place.serve();
    await until('all of it', () => receivedIds().length === 5);
    await next?.end('SIGTERM');
    expect(receivedIds()).toEqual(['1', '2', '2', '1', '2']);
  });

  test('a person is told, then erased, and nothing more of them is taken', async () => {
    const events = [
      anEvent('mine', { userId: 'u1', anonymousId: 'phone', properties: { note: 'one\u2028two\u2029three' } }),
      anEvent('before', { userId: undefined, anonymousId: 'phone' }),
      anEvent('wrong', { userId: 'u1', event: '' }),
      anEvent('other', { userId: 'u2' }),
    ];
    const running = await prepared(events, 'dead no');
    const about = await json('export', '--user', 'u1');
    expect(about.map(({ store, event }) => [store, (event as Line).messageId])).toEqual([
      ['log', 'mine'],
      ['log', 'before'],
      ['quarantine', 'wrong'],
      ['dead-letters', 'before'],
      ['dead-letters', 'mine'],
    ]);
    mkdirSync(place.path('out'));
    chmodSync(place.write('out/u1.ndjson', 'of an earlier export'), 0o644);
    await place.run('export', '--user', 'u1', '--output', 'out/u1.ndjson');
    expect(readFileSync(place.path('out/u1.ndjson'), 'utf8').trim().split('\n')).toHaveLength(5);
    if (process.platform !== 'win32') expect(statSync(place.path('out/u1.ndjson')).mode & 0o777).toBe(0o600);

    const nowhere = await place.run('export', '--user', 'u1', '--output', 'no-such-folder/u1.ndjson');
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringMatching(/^track: ENOENT: .*no-such-folder.*\n$/)]);

    const hesitant = await place.run('erase', '--user', 'u1');
    expect([hesitant.code, hesitant.stderr]).toEqual([1, expect.stringContaining('say --yes')]);
    expect(await json('export', '--user', 'u1')).toHaveLength(5);
    const destinations = [{ destination: 'file', state: 'accepted', tries: 1 }];
    const counts = { events: 2, quarantined: 1, deadLetters: 2 };
    expect(await json('erase', '--user', 'u1', '--yes')).toMatchObject([
      { erased: true, stage: 'done', ...counts, anonymousIds: ['phone'], destinations },
    ]);
    const [receipt] = await json('receipts', '--anonymous', 'phone');
    expect(receipt).toMatchObject({ stage: 'done', ...counts, destinations });
    expect(await json('receipts', '--id', String(receipt?.id))).toEqual([receipt]);
    expect((await place.run('receipts')).stdout).toContain('file: accepted');
    expect((await place.run('receipts', '--user', 'nobody')).code).toBe(1);
    const asked = readFileSync(place.path('erased.ndjson'), 'utf8').trim().split('\n');
    expect(asked).toEqual(['{"userId":"u1"}', '{"userId":"u1","anonymousId":"phone"}']);
    expect(await json('export', '--user', 'u1')).toEqual([]);
    expect(await json('export', '--user', 'u2')).toHaveLength(2);
    expect((await place.run('erase', '--yes')).stderr).toContain('Name --user');

    const next = running ?? (await place.serve());
    const post = (messageId: string): Promise<Response> => next.post([anEvent(messageId, { userId: 'u1' })]);
    await post('again');
    expect(await json('tail', '--no-follow', '--user-id', 'u1')).toEqual([]);
    expect(await json('unsuppress', '--user', 'u1')).toEqual([{ unsuppressed: true }]);
    const twice = await place.run('unsuppress', '--user', 'u1');
    expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining('Nobody of this id was on the list.')]);
    await post('back');
    const [back] = await json('tail', '--no-follow', '--user-id', 'u1');
    expect(back).toMatchObject({ event: { messageId: 'back' } });

    place.write('mode.txt', 'keep');
    const kept = await place.run('erase', '--user', 'u1', '--yes');
    expect([kept.code, kept.stdout]).toEqual([1, expect.stringContaining('file: did not forget them: not today')]);
    const early = await place.run('unsuppress', '--user', 'u1');
    expect([early.code, early.stderr]).toEqual([1, expect.stringContaining('it waits for file)')]);
  });
});

describe('tail', () => {
  test('shows what is in the log, then what arrives and passes the filter, until the server ends', async () => {
    const server = await served([anEvent('1'), anEvent('2', { event: 'Other' })]);
    const reader = spawn(process.execPath, [place.command, 'tail', '--json', '--event', 'Viewed', '-n', '5'], {
      cwd: place.folder,
    });
    let output = '';
    reader.stdout.on('data', (chunk) => (output += chunk));
    const ended = new Promise<number | null>((resolve) => reader.on('close', resolve));
    await until('the old one', () => output.includes('"messageId":"1"'));
    // Whether it listens by now nobody can tell from outside.
    let made = 0;
    await until('a new one', async () => {
      await server.post([anEvent(`new-${made++}`), anEvent(`other-${made}`, { event: 'Other' })]);
      return output.includes('"messageId":"new-');
    });
    await server.post([anEvent('bad', { userId: 7 })]);
    await until('one that was not stored', () => output.includes('"status":"invalid"'));
    expect(output).not.toContain('other-');
    expect(output).not.toContain('"messageId":"2"');
    await server.end('SIGTERM');
    await ended;
  });

  test('shows no sign of life, which is for the connection', async () => {
    const arrival = { event: anEvent('1'), status: 'stored', source: 'server', receivedAt: 1 };
    const answers: Readonly<Record<string, string>> = {
      '/ops/ping': '{"result":{"pid":7}}',
      '/ops/newest': '{"result":[]}',
      '/ops/tail': [{ isQuiet: true }, arrival, { skipped: 2 }].map((line) => `${JSON.stringify({ line })}\n`).join(''),
    };
    const server = createServer(({ url = '' }, response) => response.end(answers[url])).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const adminUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      mkdirSync(place.path('.track'));
      place.write('.track/log.db.server', JSON.stringify({ pid: 7, adminUrl, token: 'x' }));
      expect(await json('tail')).toEqual([arrival, { skipped: 2 }]);
    } finally {
      server.close();
    }
  });

  test('writes no control characters of others into the terminal', async () => {
    const strange = { event: 'a\u001b[2Jb', anonymousId: 'c\u001b[2Jd' };
    await (await served([anEvent('1', strange), anEvent('2', { properties: { note: '\u009b2J' } })], 'dead no')).end(
      'SIGTERM',
    );
    const { stdout: letter } = await place.run('dead', 'show', '2');
    expect(letter).toContain('"note": "\\u009b2J"');
    expect(JSON.parse(letter)).toMatchObject({ event: { properties: { note: '\u009b2J' } } });
    expect((await place.run('export', '--user', 'u1')).stdout).toContain('"note":"\\u009b2J"');
    const { stdout, stderr } = await place.run('tail');
    expect(stdout).toContain('track "a�[2Jb"');
    expect(stderr).toContain('No server runs on this log');
    expect((await place.run('erase', '--user', 'u1', '--yes')).stdout).toContain('were theirs alone: c�[2Jd.');
  });
});

test('what belongs to somebody else is not touched: a second server, a token, a log', async () => {
  const server = await served([anEvent('1')]);
  place.write('other.config.ts', aConfig().replaceAll('log.db', 'other.db'));
  const { code } = await place.run('dead', 'list', '--config', 'other.config.ts');
  expect(code).toBe(0);
  const refused = await fetch(`${server.adminUrl}/ops/erase`, {
    method: 'POST',
    headers: { Authorization: 'Bearer guessed' },
    body: '{"userId":"u1"}',
  });
  expect(refused.status).toBe(401);
  expect(await json('export', '--user', 'u1')).toHaveLength(1);
});

test('a server that was killed leaves its desk to the command line', async () => {
  const server = await served([anEvent('1')], 'dead no');
  await server.end('SIGKILL');
  expect(await json('dead', 'list')).toHaveLength(1);
});

test('a program that has its port now, and answers whatever it is asked, is not taken for it', async () => {
  const server = await served([anEvent('1')], 'dead no');
  await server.end('SIGKILL');
  const other = createServer((_request, response) => response.end('{"result":{"pid":"<html>"}}')).listen(
    0,
    '127.0.0.1',
  );
  await once(other, 'listening');
  try {
    const path = place.path('.track/log.db.server');
    const run = JSON.parse(readFileSync(path, 'utf8')) as object;
    const adminUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    writeFileSync(path, JSON.stringify({ ...run, adminUrl }));
    expect(await json('dead', 'list')).toHaveLength(1);
  } finally {
    other.close();
  }
});

test('an output that is full is told in a line', async () => {
  await (await served([anEvent('1')])).end('SIGTERM');
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [place.command, 'export', '--user', 'u1'], {
    cwd: place.folder,
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  let said = '';
  child.stderr?.on('data', (chunk) => (said += chunk));
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(said).toMatch(/^track: ENOSPC: .*\n$/);
});

describe('what is no such thing is not taken for another', () => {
  test.each([
    { why: 'a port of a variable that is not set', args: ['serve', '--port', ''], says: 'Expected a port' },
    { why: 'a host of a variable that is not set', args: ['serve', '--host', ''], says: 'Expected a host' },
    { why: 'an id of a variable that is not set', args: ['dead', 'remove', ''], says: 'Expected a whole number' },
    { why: 'an id beyond all numbers', args: ['dead', 'remove', '9007199254740993'], says: 'Expected a whole number' },
    { why: 'a person of a variable that is not set', args: ['export', '--user', ''], says: 'Whom?' },
    { why: 'half a person', args: ['erase', '--user', 'u1', '--anonymous', '', '--yes'], says: 'Whom?' },
    ...['yesterday 12', '5', '-1', '2026-02-31', '2026-1-31', '2026-01-31x', '2026-01-31T25:00'].map((from) => ({
      why: `a time: ${from}`,
      args: ['replay', '--destination', 'file', `--from=${from}`],
      says: 'Expected a date',
    })),
  ])('$why', async ({ args, says }) => {
    const { code, stdout, stderr } = await place.run(...args);
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(says)]);
  });
});

test.each(['2026-01-31', '2026-01-31T12:00:00Z', '2026-01-31T12:00:00.5+01:00', '2026-01-31 12:00'])(
  'a time: %s',
  async (from) => {
    expect((await place.run('replay', '--destination', 'file', '--from', from)).stderr).not.toContain(
      'Expected a date',
    );
  },
);
