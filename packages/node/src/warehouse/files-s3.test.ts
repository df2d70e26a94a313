import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { CollectedEvent, Destination } from '@org/track-core';
import { aCollectedEvent } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { destinationContract } from '../destination/destination-contract.ts';
import { createScriptedEndpoint, type EndpointAnswer } from '../destination/scripted-endpoint.ts';
import { type DuckDbDestination, duckdb } from './duckdb.ts';
import { eventsIn, type FilesOptions, files } from './files.ts';
import { keysIn } from './s3-answers.ts';
import { type S3TestServer, startS3 } from './s3-test-server.ts';

const { signal } = new AbortController();
const secretAccessKey = 'S3RVER';
const credentials = { accessKeyId: 'S3RVER', secretAccessKey };
const bucket = 'lake';
const place = `s3://${bucket}`;

const numbered = (from: number, count: number, fields: object = {}): CollectedEvent[] =>
  Array.from({ length: count }, (_, index) =>
    aCollectedEvent({ messageId: `m${from + index}`, anonymousId: `a${from + index}`, ...fields }),
  );

describe('at a server that speaks S3', () => {
  let folder: string;
  let s3: S3TestServer;
  let reader: DuckDbDestination;
  let opened: Destination[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'files-s3-'));
    s3 = await startS3(join(folder, 'server'), [bucket]);
    reader = duckdb(':memory:');
    opened = [];
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    for (const destination of [...opened, reader]) await destination.close?.();
    await s3.close();
    rmSync(folder, { recursive: true });
  });

  function open(options: Partial<FilesOptions> = {}): Destination {
    const destination = files({ to: `s3://${bucket}/a b/events`, s3: { endpoint: s3.url, credentials }, ...options });
    opened.push(destination);
    return destination;
  }
  async function idsIn(format: 'parquet' | 'ndjson'): Promise<readonly string[]> {
    const copy = mkdtempSync(join(folder, 'copy-'));
    s3.copyTo(bucket, copy);
    const rows = await reader.query<{ message_id: string }>(
      `SELECT message_id FROM (${eventsIn(join(copy, 'a b/events'), { format })}) ORDER BY 1`,
    );
    return rows.map((row) => row.message_id);
  }

  test.each(['parquet', 'ndjson'] as const)(
    '%s: a batch again is the same object, and each event is read once',
    async (format) => {
      const destination = open({ format });
      const events = numbered(0, 8);
      for (let time = 0; time < 2; time++) {
        expect(await destination.deliver(events, { signal })).toEqual({ kind: 'delivered', verdicts: new Map() });
      }
      expect(s3.keys(bucket)).toEqual([
        expect.stringMatching(/^a b\/events\/dt=2026-01-01\/hour=00\/0001-[0-9a-f]{32}\.(parquet|ndjson\.gz)$/),
      ]);
      await destination.deliver(events.slice(4), { signal });
      expect(await idsIn(format)).toEqual(events.map(({ messageId }) => messageId));
    },
  );

  test.each(['parquet', 'ndjson'] as const)('%s: tells, and forgets a person', async (format) => {
    const destination = open({ format });
    await destination.deliver([...numbered(0, 3, { userId: 'u1' }), ...numbered(3, 2)], { signal });
    await destination.deliver(numbered(5, 2, { userId: 'u1' }), { signal });
    await destination.deliver(numbered(7, 1), { signal });
    const told = (await destination.export?.({ userId: 'u1' }, { signal })) as { readonly message_id: string }[];
    expect(told.map((row) => row.message_id).sort()).toEqual(['m0', 'm1', 'm2', 'm5', 'm6']);
    s3.requests.length = 0;
    await destination.erase?.({ userId: 'u1' }, { signal });
    expect(await idsIn(format)).toEqual(['m3', 'm4', 'm7']);
    const changes = s3.requests.filter((request) => !request.startsWith('GET')).map((request) => request.split(' ')[0]);
    expect(changes.sort()).toEqual(['DELETE', 'PUT']);
  });

  test('an upload that comes late brings nobody back who was erased since', async () => {
    const destination = open({ format: 'ndjson' });
    const events = [...numbered(0, 1, { userId: 'u1' }), ...numbered(1, 1)];
    await destination.deliver(events, { signal });
    await destination.erase?.({ userId: 'u1' }, { signal });
    expect(await destination.deliver(events, { signal })).toMatchObject({ kind: 'delivered' });
    expect(await idsIn('ndjson')).toEqual(['m1']);
  });

  test('what somebody else rewrites at the same moment is looked at again', async () => {
    const destination = open({ format: 'ndjson' });
    await destination.deliver(
      [...numbered(0, 1, { userId: 'u1' }), ...numbered(1, 1, { userId: 'u2' }), ...numbered(2, 1)],
      { signal },
    );
    const other = open({ format: 'ndjson', name: 'other' });
    s3.before = async (request) => {
      if (!request.startsWith('PUT')) return;
      s3.before = undefined;
      await other.erase?.({ userId: 'u2' }, { signal });
    };
    expect(await destination.erase?.({ userId: 'u1' }, { signal })).toEqual({ rows: 1 });
    expect(await idsIn('ndjson')).toEqual(['m2']);
  });

  test.each([
    { why: 'and others are left', also: [] },
    { why: 'and with them the file', also: ['u2'] },
  ])(
    'where another erases the same person at the same moment, $why: each counts what it took itself',
    async ({ also }) => {
      const destination = open({ format: 'ndjson' });
      await destination.deliver([...numbered(0, 2, { userId: 'u1' }), ...numbered(2, 1, { userId: 'u2' })], { signal });
      const other = open({ format: 'ndjson', name: 'other' });
      let others: unknown;
      s3.before = async (request) => {
        if (!request.startsWith('PUT')) return;
        s3.before = undefined;
        for (const userId of also) await other.erase?.({ userId }, { signal });
        others = await other.erase?.({ userId: 'u1' }, { signal });
      };
      const own = await destination.erase?.({ userId: 'u1' }, { signal });
      expect([own, others]).toEqual([{ rows: 0 }, { rows: 2 }]);
    },
  );

  test('that fails in the middle says how much is gone, where that is known', async () => {
    const destination = open({ format: 'ndjson' });
    for (const from of [0, 2]) {
      await destination.deliver([...numbered(from, 1, { userId: 'u1' }), ...numbered(from + 1, 1)], { signal });
    }
    const failAt = async (method: string, count: number): Promise<unknown> => {
      let seen = 0;
      s3.before = async (request) => {
        if (request.startsWith(method) && ++seen === count) throw new Error('down');
      };
      const error = await destination.erase?.({ userId: 'u1' }, { signal }).catch((reason: unknown) => reason);
      s3.before = undefined;
      return (error as { erasedRows?: number }).erasedRows;
    };
    expect(await failAt('GET', 1)).toBe(0);
    expect(await failAt('PUT', 2)).toBe(undefined);
    expect(await destination.erase?.({ userId: 'u1' }, { signal })).toEqual({ rows: 1 });
  });

  test('where conditions are unknown it does without', async () => {
    s3.knowsConditions = false;
    const destination = open({ format: 'ndjson' });
    for (const from of [0, 1]) {
      const outcome = await destination.deliver(numbered(from, 1, { userId: `u${from}` }), { signal });
      expect(outcome).toEqual({ kind: 'delivered', verdicts: new Map() });
    }
    await destination.erase?.({ userId: 'u0' }, { signal });
    expect(await idsIn('ndjson')).toEqual(['m1']);
    expect(s3.requests.filter((request) => request.startsWith('PUT'))).toHaveLength(3);
  });

  test.each([
    {
      why: 'another key',
      s3: { credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'wrong-and-hidden' } },
      reason: 'http-403 SignatureDoesNotMatch',
    },
    {
      why: 'somebody unknown',
      s3: { credentials: { accessKeyId: 'NOBODY', secretAccessKey: 'wrong-and-hidden' } },
      reason: 'http-403 InvalidAccessKeyId',
    },
    { why: 'no keys at all', s3: { credentials: undefined }, reason: 'no-credentials' },
    { why: 'no such bucket', to: 's3://nowhere', reason: 'http-404 NoSuchBucket' },
  ])('$why: someone must act', async ({ reason, s3: own, to = place }) => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined);
    const destination = open({ to, s3: { endpoint: s3.url, credentials, ...own } as never });
    const outcome = await destination.deliver(numbered(0, 1), { signal });
    expect(outcome).toEqual({ kind: 'config', reason });
    const erased = await destination.erase?.({ userId: 'u1' }, { signal }).catch((error: unknown) => error);
    expect(inspect([destination, outcome, erased], { depth: 9, showHidden: true })).not.toContain('hidden');
  });

  test('keys of the environment, and keys that are made anew', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'S3RVER');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
    const asked = vi.fn(async () => credentials);
    for (const own of [{}, { credentials: asked }]) {
      const destination = open({ format: 'ndjson', s3: { endpoint: s3.url, ...own } });
      expect(await destination.deliver(numbered(0, 1), { signal })).toMatchObject({ kind: 'delivered' });
    }
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test('what an erasure left on this machine that was killed goes with the next start', async () => {
    vi.stubEnv('TMPDIR', mkdtempSync(join(folder, 'tmp-')));
    const destination = open({ format: 'ndjson' });
    await destination.deliver([...numbered(0, 1, { userId: 'u1' }), ...numbered(1, 1)], { signal });
    await destination.close?.();
    const program = `
      import { files } from ${JSON.stringify(new URL('./files.ts', import.meta.url).href)};
      const options = ${JSON.stringify({ to: `s3://${bucket}/a b/events`, s3: { endpoint: s3.url, credentials } })};
      await files({ ...options, format: 'ndjson' }).erase({ userId: 'u1' }, { signal: new AbortController().signal });
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
    const ended = once(child, 'exit');
    s3.before = async (request) => {
      if (!request.startsWith('PUT')) return;
      child.kill('SIGKILL');
      await ended;
      throw new Error('nobody is there');
    };
    expect(await ended).toEqual([null, 'SIGKILL']);
    s3.before = undefined;
    const copies = () =>
      readdirSync(tmpdir(), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(copies().length).toBeGreaterThan(0);
    const next = open({ format: 'ndjson' });
    await next.open?.();
    expect(copies()).toEqual([]);
    expect(await next.erase?.({ userId: 'u1' }, { signal })).toEqual({ rows: 1 });
  });

  test('nothing stays on this machine', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('track-files-'));
    const destination = open();
    await destination.deliver(numbered(0, 1, { userId: 'u1' }), { signal });
    await destination.erase?.({ userId: 'u1' }, { signal });
    await destination.close?.();
    const after = readdirSync(tmpdir()).filter((name) => name.startsWith('track-files-'));
    expect(after.filter((name) => !before.includes(name))).toEqual([]);
  });
});

const refused = (status: number, code: string): EndpointAnswer => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>key-of-nobody</Message></Error>`,
});

describe('the contract of destinations', () => {
  const cases = destinationContract({
    create: (endpoint) =>
      files({
        to: 's3://bucket/lake',
        format: 'ndjson',
        gzip: false,
        s3: {
          endpoint,
          credentials: { accessKeyId: 'id', secretAccessKey: 'secret-of-ours', sessionToken: 'token-of-ours' },
        },
        limits: { maxEvents: 50 },
        requires: ['analytics'],
      }),
    secrets: ['secret-of-ours', 'token-of-ours', 'key-of-nobody'],
    itemsIn: ({ body }) =>
      body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    success: () => ({ status: 200 }),
    answers: [
      { why: 'written', answer: { status: 200 }, expected: 'delivered' },
      { why: 'there already', answer: refused(412, 'PreconditionFailed'), expected: 'delivered' },
      { why: 'not our key', answer: refused(403, 'AccessDenied'), expected: 'config' },
      { why: 'no such bucket', answer: refused(404, 'NoSuchBucket'), expected: 'config' },
      { why: 'a key that ended', answer: refused(400, 'ExpiredToken'), expected: 'config' },
      {
        why: 'another region, told as a redirect that would be followed',
        answer: { status: 301, headers: { location: '/' } },
        expected: 'config',
      },
      { why: 'broken on the way', answer: refused(400, 'BadDigest'), expected: 'retry' },
      { why: 'two at once', answer: refused(409, 'ConditionalRequestConflict'), expected: 'retry' },
      { why: 'slow down', answer: refused(503, 'SlowDown'), expected: 'retry' },
      { why: 'a fault there', answer: refused(500, 'InternalError'), expected: 'retry' },
      { why: 'too much', answer: refused(400, 'EntityTooLarge'), expected: 'dead' },
    ],
    maxBodyBytes: 16 * 1024 * 1024,
    sends: ['email', 'phone', 'ip', 'user agent', 'name', 'traits'],
  });
  test.each(cases)('$rule', ({ check }) => check(), 60_000);
});

test.each([
  {
    why: 'of Amazon',
    to: 's3://bucket/x',
    s3: { region: 'eu-central-1' },
    url: 'https://bucket.s3.eu-central-1.amazonaws.com/x/',
  },
  {
    why: 'with a dot',
    to: 's3://my.bucket',
    s3: { region: 'eu-central-1' },
    url: 'https://s3.eu-central-1.amazonaws.com/my.bucket/',
  },
  {
    why: 'elsewhere',
    to: 's3://bucket/x/',
    s3: { endpoint: 'https://minio.example/base/' },
    url: 'https://minio.example/base/bucket/x/',
  },
  {
    why: 'elsewhere, in the host',
    to: 's3://bucket',
    s3: { endpoint: 'https://r2.example', isPathStyle: false },
    url: 'https://bucket.r2.example/',
  },
])('where a bucket is: $why', async ({ to, s3, url }) => {
  const asked = vi.fn(async (_url: string | URL) => new Response(null, { status: 200 }));
  vi.stubGlobal('fetch', asked);
  try {
    const destination = files({ to, format: 'ndjson', s3: { credentials, ...s3 } });
    await destination.deliver(numbered(0, 1), { signal });
    await destination.close?.();
    expect(String(asked.mock.calls[0]?.[0])).toMatch(
      new RegExp(`^${url.replaceAll('.', '\\.')}dt%3D2026-01-01/hour%3D00/`),
    );
  } finally {
    vi.unstubAllGlobals();
  }
});

test('a list whose keys are written as in URLs, and one as in XML', () => {
  const page = (inner: string) => `<ListBucketResult>${inner}</ListBucketResult>`;
  expect(keysIn(page('<EncodingType>url</EncodingType><Contents><Key>a+b/dt%3D1%2B</Key></Contents>'))).toEqual({
    keys: ['a b/dt=1+'],
    next: undefined,
  });
  expect(
    keysIn(
      page('<Contents><Key>a &amp;&#x26;&#38; b</Key></Contents><NextContinuationToken>x&lt;</NextContinuationToken>'),
    ),
  ).toEqual({ keys: ['a &&& b'], next: 'x<' });
});

test('an answer that never comes ends with the delivery', async () => {
  const endpoint = await createScriptedEndpoint(() => 'hang');
  const destination = files({ to: 's3://bucket', format: 'ndjson', s3: { endpoint: endpoint.url, credentials } });
  await expect(destination.deliver(numbered(0, 1), { signal: AbortSignal.timeout(200) })).rejects.toThrow();
  await destination.close?.();
  await endpoint.close();
});

test('forgets a person on every page of the list', async () => {
  const line = (fields: object): string => `${JSON.stringify(fields)}\n`;
  const objects = new Map([
    ['e/dt=1/hour=1/a.ndjson', line({ user_id: 'u1' }) + line({ user_id: 'u2' })],
    ['e/dt=1/hour=1/b.ndjson', line({ user_id: 'u1' })],
  ]);
  const pages = [...objects.keys()].map((key) => encodeURIComponent(key));
  const endpoint = await createScriptedEndpoint(({ method, path, body }) => {
    const { pathname, searchParams } = new URL(path, 'http://s3');
    const key = decodeURIComponent(pathname.slice('/bucket/'.length));
    if (method === 'PUT') objects.set(key, body);
    if (method === 'DELETE') objects.delete(key);
    if (searchParams.get('list-type') !== '2') return { status: 200, body: objects.get(key) ?? '' };
    const isSecond = searchParams.get('continuation-token') === 'to+ken/=';
    const next = isSecond ? '' : '<NextContinuationToken>to+ken/=</NextContinuationToken>';
    const contents = `<EncodingType>url</EncodingType><Contents><Key>${pages[isSecond ? 1 : 0]}</Key></Contents>`;
    return { status: 200, body: `<ListBucketResult>${next}${contents}</ListBucketResult>` };
  });
  const destination = files({ to: 's3://bucket/e', s3: { endpoint: endpoint.url, credentials } });
  await destination.erase?.({ userId: 'u1' }, { signal });
  expect([...objects]).toEqual([['e/dt=1/hour=1/a.ndjson', line({ user_id: 'u2' })]]);
  await destination.close?.();
  await endpoint.close();
});

test('an object that the store does not delete now is not counted as gone', async () => {
  const row = `${JSON.stringify({ user_id: 'u1' })}\n`;
  const endpoint = await createScriptedEndpoint(({ method, path }) => {
    if (method === 'DELETE') return refused(409, 'OperationAborted');
    if (!path.includes('list-type')) return { status: 200, body: row };
    const contents = '<Contents><Key>dt=1/hour=1/a.ndjson</Key></Contents>';
    return { status: 200, body: `<ListBucketResult>${contents}</ListBucketResult>` };
  });
  const destination = files({ to: 's3://bucket', s3: { endpoint: endpoint.url, credentials } });
  await expect(destination.erase?.({ userId: 'u1' }, { signal })).rejects.toThrow('http-409');
  await destination.close?.();
  await endpoint.close();
});

test('the token of keys that end travels with them, whether of the environment or of an option', async () => {
  const endpoint = await createScriptedEndpoint(() => ({ status: 200 }));
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_SESSION_TOKEN', 'of the environment');
  const keys = { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'of an option' };
  for (const own of [{}, { credentials: keys }]) {
    const s3 = { endpoint: endpoint.url, ...own };
    const destination = files({ to: 's3://bucket', format: 'ndjson', s3 });
    await destination.deliver(numbered(0, 1), { signal });
    await destination.close?.();
  }
  expect(endpoint.received.map(({ headers }) => headers['x-amz-security-token'])).toEqual([
    'of the environment',
    'of an option',
  ]);
  vi.unstubAllEnvs();
  await endpoint.close();
});
