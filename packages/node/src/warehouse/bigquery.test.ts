import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { CollectedEvent, DeliveryOutcome, Destination } from '@org/track-core';
import { aCollectedEvent } from '@org/track-core/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { destinationContract } from '../destination/destination-contract.ts';
import {
  createScriptedEndpoint,
  type EndpointAnswer,
  type ReceivedRequest,
  type ScriptedEndpoint,
} from '../destination/scripted-endpoint.ts';
import { type BigQueryOptions, bigquery } from './bigquery.ts';
import { columns } from './event-row.ts';

const { signal } = new AbortController();
const token = async (): Promise<string> => 'the-token';
const json = (status: number, body: object): EndpointAnswer => ({ status, body: JSON.stringify(body) });
const refused = (status: number, reason: string, message = 'a value of somebody'): EndpointAnswer =>
  json(status, { error: { code: status, message, errors: [{ reason, message, domain: 'global' }] } });
const failed = (
  ...failures: readonly (readonly [index: number, reason: string, location?: string, message?: string])[]
) =>
  json(200, {
    insertErrors: failures.map(([index, reason, location = '', message = 'a value of somebody']) => ({
      index,
      errors: [{ reason, location, debugInfo: '', message }],
    })),
  });
const rowsIn = ({ body }: ReceivedRequest): readonly { insertId: string; json: Record<string, unknown> }[] =>
  (JSON.parse(body) as { rows: [] }).rows;

let endpoint: ScriptedEndpoint | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await endpoint?.close();
});

async function open(
  answer: (request: ReceivedRequest, index: number) => EndpointAnswer,
  options: Partial<BigQueryOptions> = {},
): Promise<Destination> {
  endpoint = await createScriptedEndpoint(answer);
  return bigquery({ project: 'my-project', dataset: 'track', token, endpoint: endpoint.url, ...options });
}

function deliver(destination: Destination, events: readonly CollectedEvent[]): Promise<DeliveryOutcome> {
  const items = events.map((event) => {
    const mapped = destination.map?.(event);
    return mapped?.kind === 'mapped' ? mapped.items : [];
  });
  return destination.deliver(events, { signal, items });
}

const two = [aCollectedEvent({ messageId: 'm0' }), aCollectedEvent({ messageId: 'm1' })];

test.each([
  { why: 'no project', options: { dataset: 'd' }, message: "bigquery: project: expected a project's id" },
  { why: 'a name with a backtick', options: { project: 'p', dataset: 'd`' }, message: 'dataset: expected letters' },
  {
    why: 'a token that is none',
    options: { project: 'p', dataset: 'd', token: 'hidden' },
    message: 'expected a function',
  },
  {
    why: 'an unknown option',
    options: { project: 'p', dataset: 'd', keyFile: 'hidden' },
    message: 'unknown option "keyFile"',
  },
])('refuses at set-up: $why', ({ options, message }) => {
  expect(() => bigquery(options as never)).toThrow(message);
  expect(() => bigquery(options as never)).not.toThrow('hidden');
});

test('a row has the columns of the warehouses; JSON is text, times are ISO 8601, what an event lacks is not there', async () => {
  const destination = await open(() => json(200, {}));
  const long = 'm'.repeat(200);
  await deliver(destination, [
    aCollectedEvent({
      messageId: 'm1',
      userId: 'u1',
      properties: { total: 12.5 },
      receivedAt: '2026-03-01T10:00:02.000Z',
    }),
    aCollectedEvent({ messageId: long }),
  ]);
  const [request] = endpoint?.received ?? [];
  expect(request?.path).toBe('/bigquery/v2/projects/my-project/datasets/track/tables/events/insertAll');
  expect(request?.headers.authorization).toBe('Bearer the-token');
  expect(JSON.parse(request?.body ?? '')).toMatchObject({ skipInvalidRows: true });
  const [first, second] = request === undefined ? [] : rowsIn(request);
  expect(first).toMatchObject({
    insertId: 'm1',
    json: { message_id: 'm1', user_id: 'u1', properties: '{"total":12.5}', received_at: '2026-03-01T10:00:02.000Z' },
  });
  expect(Object.keys(first?.json ?? {})).not.toContain('group_id');
  expect(second).toMatchObject({ insertId: expect.stringMatching(/^[0-9a-f]{64}$/), json: { message_id: long } });
});

describe('a table that is not there', () => {
  /** As documented: rows go into a table that exists, and what exists is not made again. */
  function aDataset(): { readonly made: Map<string, object>; answer(request: ReceivedRequest): EndpointAnswer } {
    const made = new Map<string, object>();
    return {
      made,
      answer({ path, body }) {
        const table = /tables\/(\w+)\/insertAll/.exec(path)?.[1];
        if (table !== undefined) return made.has(table) ? json(200, {}) : refused(404, 'notFound');
        const resource = JSON.parse(body) as { tableReference: { tableId: string } };
        const { tableId } = resource.tableReference;
        if (made.has(tableId)) return refused(409, 'duplicate');
        made.set(tableId, resource);
        return json(200, resource);
      },
    };
  }

  test('is made, with the view that shows each event once', async () => {
    const dataset = aDataset();
    const destination = await open(dataset.answer, { table: 'clicks' });
    expect(await deliver(destination, two)).toEqual({ kind: 'retry', reason: 'http-404', retryAfterMs: 10_000 });
    expect(await deliver(destination, two)).toEqual({ kind: 'delivered' });
    expect([...dataset.made.keys()]).toEqual(['clicks', 'clicks_once']);
    expect(dataset.made.get('clicks')).toMatchObject({
      timePartitioning: { type: 'DAY', field: 'timestamp' },
      clustering: { fields: ['event', 'user_id'] },
    });
    const { schema } = dataset.made.get('clicks') as { schema: { fields: { name: string }[] } };
    expect(schema.fields.map(({ name }) => name)).toEqual(columns.map(({ name }) => name));
    expect(dataset.made.get('clicks_once')).toMatchObject({
      view: {
        query: expect.stringMatching(/FROM `my-project.track.clicks`[\s\S]*PARTITION BY message_id/),
        useLegacySql: false,
      },
    });
  });

  test('is made once, whoever makes it: another process was faster', async () => {
    const dataset = aDataset();
    let asked = 0;
    const destination = await open((request) => {
      if (!request.path.endsWith('insertAll')) return dataset.answer(request);
      return asked++ < 2 ? refused(404, 'notFound') : json(200, {});
    });
    for (const kind of ['retry', 'retry', 'delivered']) expect(await deliver(destination, two)).toMatchObject({ kind });
  });

  test.each([
    { why: 'there is no dataset', answer: refused(404, 'notFound'), reason: 'http-404 notFound' },
    { why: 'we may not', answer: refused(403, 'accessDenied'), reason: 'http-403 accessDenied' },
    { why: 'what we ask is wrong', answer: refused(400, 'invalid'), reason: 'http-400 invalid' },
  ])('$why: someone must act', async ({ answer, reason }) => {
    const destination = await open(({ path }) => (path.endsWith('insertAll') ? refused(404, 'notFound') : answer));
    expect(await deliver(destination, two)).toEqual({ kind: 'config', reason });
  });
});

test.each([
  {
    why: 'a bad row costs only itself',
    answer: failed([1, 'invalid', 'timestamp']),
    verdict: { kind: 'dead', reason: 'invalid: timestamp' },
  },
  {
    why: 'a bad row that names no column',
    answer: failed([1, 'invalid']),
    verdict: { kind: 'dead', reason: 'invalid: row' },
  },
  {
    why: 'a row that was well beside a bad one',
    answer: failed([1, 'stopped']),
    verdict: { kind: 'retry', reason: 'stopped' },
  },
  {
    why: 'a row that there was no time for',
    answer: failed([1, 'timeout']),
    verdict: { kind: 'retry', reason: 'timeout' },
  },
  { why: 'a fault of theirs', answer: failed([1, 'backendError']), verdict: { kind: 'retry', reason: 'backendError' } },
])('of two rows, $why', async ({ answer, verdict }) => {
  const destination = await open(() => answer);
  const outcome = await deliver(destination, two);
  expect(outcome).toEqual({ kind: 'delivered', verdicts: new Map([['m1', verdict]]) });
  expect(inspect(outcome)).not.toContain('somebody');
});

test('an event that has no row is a dead letter before anybody is asked', async () => {
  const destination = await open(() => json(200, {}));
  expect(destination.map?.({ ...two[0], timestamp: 'yesterday' } as CollectedEvent)).toEqual({
    kind: 'dead',
    reason: 'timestamp-unreadable',
  });
});

test('a day’s quota is given time; a table of an older shape loses no column in silence', async () => {
  const spent = await open(() => refused(403, 'quotaExceeded'));
  expect(await deliver(spent, two)).toEqual({ kind: 'retry', reason: 'throttled', retryAfterMs: 600_000 });
  await endpoint?.close();
  const older = await open(() =>
    failed([0, 'invalid', 'locale', 'no such field: locale.'], [1, 'invalid', 'locale', 'no such field: locale.']),
  );
  expect(await deliver(older, two)).toEqual({ kind: 'config', reason: 'table-lacks-a-column' });
});

describe('tokens', () => {
  test('one that cannot be had is asked for again, and why is not told', async () => {
    const destination = await open(() => json(200, {}), { token: () => Promise.reject(new Error('a secret of ours')) });
    const outcome = await deliver(destination, two);
    expect(outcome).toEqual({ kind: 'retry', reason: 'config' });
    const erased = await destination.erase?.({ userId: 'u1' }, { signal }).catch((error: unknown) => error);
    expect(inspect([outcome, erased], { showHidden: true, depth: 9 })).not.toContain('secret of ours');
    expect(endpoint?.received).toEqual([]);
  });

  test('without one, Google’s library reads the file that the environment names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bigquery-'));
    const sts = await createScriptedEndpoint(() =>
      json(200, { access_token: 'from-google', expires_in: 3600, token_type: 'Bearer' }),
    );
    try {
      writeFileSync(join(folder, 'subject'), 'a token of the workload');
      writeFileSync(
        join(folder, 'credentials.json'),
        JSON.stringify({
          type: 'external_account',
          audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider',
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
          token_url: `${sts.url}/v1/token`,
          credential_source: { file: join(folder, 'subject') },
        }),
      );
      vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', join(folder, 'credentials.json'));
      endpoint = await createScriptedEndpoint(() => json(200, {}));
      const destination = bigquery({ project: 'p', dataset: 'd', endpoint: endpoint.url });
      await destination.open?.();
      expect(await deliver(destination, two)).toEqual({ kind: 'delivered' });
      expect(endpoint.received[0]?.headers.authorization).toBe('Bearer from-google');
      expect(new URLSearchParams(sts.received[0]?.body).get('scope')).toBe('https://www.googleapis.com/auth/bigquery');
    } finally {
      await sts.close();
      rmSync(folder, { recursive: true });
    }
  });
});

describe('to forget somebody', () => {
  test('is one deletion, waited for', async () => {
    const job = { jobId: 'job 1', location: 'EU' };
    const destination = await open(({ method, path }) => {
      if (method === 'POST') return json(200, { jobComplete: false, jobReference: job });
      return json(200, {
        jobComplete: path.includes('job%201?location=EU') && (endpoint?.received.length ?? 0) > 2,
        jobReference: job,
        numDmlAffectedRows: '5',
      });
    });
    expect(await destination.erase?.({ userId: "u'1", anonymousId: 'a1' }, { signal })).toEqual({ rows: 5 });
    expect(endpoint?.received.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
    const asked = JSON.parse(endpoint?.received[0]?.body ?? '') as { query: string; queryParameters: object[] };
    expect(asked.query).toMatch(
      /^DELETE FROM `my-project.track.events` WHERE user_id = @user OR previous_id = @user OR/,
    );
    expect(asked.queryParameters).toEqual([
      { name: 'user', parameterType: { type: 'STRING' }, parameterValue: { value: "u'1" } },
      { name: 'device', parameterType: { type: 'STRING' }, parameterValue: { value: 'a1' } },
    ]);
  });

  test.each([
    { person: { userId: 'u1' }, has: '@user', lacks: '@device' },
    { person: { anonymousId: 'a1' }, has: '@device', lacks: '@user' },
  ])('names only what is known: $person', async ({ person, has, lacks }) => {
    const destination = await open(() => json(200, { jobComplete: true }));
    await destination.erase?.(person, { signal });
    const { query } = JSON.parse(endpoint?.received[0]?.body ?? '') as { query: string };
    expect(query).toContain(has);
    expect(query).not.toContain(lacks);
  });

  test.each([
    {
      why: 'rows that came just now',
      answer: refused(
        400,
        'invalidQuery',
        'UPDATE or DELETE statement over table p.d.t would affect rows in the streaming buffer, which is not supported',
      ),
      message: 'nothing is erased, ask again',
      erasedRows: 0,
    },
    { why: 'no right to', answer: refused(403, 'accessDenied'), message: 'http-403', erasedRows: 0 },
    {
      why: 'no such dataset',
      answer: refused(404, 'notFound', 'Not found: Dataset my-project:track was not found in location EU'),
      message: 'http-404',
      erasedRows: 0,
    },
    { why: 'another fault', answer: refused(500, 'backendError'), message: 'http-500', erasedRows: undefined },
  ])(
    'says when it did not, and whether something is gone all the same: $why',
    async ({ answer, message, erasedRows }) => {
      const destination = await open(() => answer);
      const error = await destination.erase?.({ userId: 'u1' }, { signal }).catch((reason: unknown) => reason);
      expect((error as Error).message).toContain(message);
      expect((error as { erasedRows?: number }).erasedRows).toBe(erasedRows);
    },
  );

  test('has nothing to do where nothing was delivered yet', async () => {
    const message = 'Not found: Table my-project:track.events was not found in location EU';
    const destination = await open(() => refused(404, 'notFound', message));
    expect(await destination.erase?.({ userId: 'u1' }, { signal })).toEqual({ rows: 0 });
  });

  test('ends with the wish', async () => {
    const destination = await open(() =>
      json(200, { jobComplete: false, jobReference: { jobId: 'j', location: 'EU' } }),
    );
    await expect(destination.erase?.({ userId: 'u1' }, { signal: AbortSignal.timeout(100) })).rejects.toThrow();
  });
});

describe('the contract of destinations', () => {
  const cases = destinationContract({
    create: (url) =>
      bigquery({ project: 'my-project', dataset: 'track', endpoint: url, token, requires: ['analytics'] }),
    secrets: ['the-token', 'a value of somebody'],
    itemsIn: rowsIn,
    success: () => json(200, { kind: 'bigquery#tableDataInsertAllResponse' }),
    refusal: (_request, poisoned) => failed(...poisoned.map((index) => [index, 'invalid', 'properties'] as const)),
    answers: [
      { why: 'taken', answer: json(200, {}), expected: 'delivered' },
      { why: 'one row is bad', answer: failed([0, 'invalid', 'x']), expected: 'partly' },
      { why: 'no valid token', answer: refused(401, 'authError'), expected: 'config' },
      { why: 'not allowed', answer: refused(403, 'accessDenied'), expected: 'config' },
      { why: 'nobody pays', answer: refused(403, 'billingNotEnabled'), expected: 'config' },
      { why: 'too fast', answer: refused(403, 'rateLimitExceeded'), expected: 'retry' },
      { why: 'no dataset', answer: refused(404, 'notFound'), expected: 'config' },
      { why: 'too large', answer: refused(413, 'requestTooLarge'), expected: 'dead' },
      { why: 'one row spoils the request', answer: refused(400, 'invalid'), expected: 'split' },
      { why: 'theirs', answer: refused(500, 'internalError'), expected: 'retry' },
      { why: 'busy', answer: refused(503, 'backendError'), expected: 'retry' },
    ],
    maxBodyBytes: 10_000_000,
    sends: ['email', 'phone', 'ip', 'user agent', 'name', 'traits'],
  });
  test.each(cases)('$rule', ({ check }) => check(), 60_000);
});
