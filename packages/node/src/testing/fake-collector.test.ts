import { afterEach, describe, expect, test } from 'vitest';
import { createTracker } from '../create-node-tracker.ts';
import { createFakeCollector, type FakeAnswer, type FakeCollector } from './fake-collector.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** One that was told to misbehave, and a tracker that soon asks it again. */
async function start(script?: Parameters<typeof createFakeCollector>[0], timeoutMs = 20_000) {
  const collector = await createFakeCollector(script);
  const tracker = createTracker({
    endpoint: collector.url,
    writeKey: collector.writeKey,
    consent: { analytics: true },
    queue: { maxWaitMs: 0, baseDelayMs: 1, timeoutMs, maxEvents: 2 },
  });
  closers.push(() => tracker.shutdown({ deadlineMs: 0 }), collector.close);
  return { collector, tracker };
}

const namesOf = ({ events }: Pick<FakeCollector, 'events'>): readonly unknown[] =>
  events.map((event) => (event.type === 'track' ? event.event : event.type));

describe('a tracker that meets it', () => {
  test.each<{ why: string; answer: FakeAnswer; requests: number; status?: string }>([
    { why: 'well', answer: 'store', requests: 1 },
    { why: 'overloaded', answer: { status: 503 }, requests: 2 },
    { why: 'overloaded, with a time', answer: { status: 429, retryAfter: 1 }, requests: 2 },
    { why: 'silent', answer: 'hang', requests: 2 },
    { why: 'gone before it stored', answer: 'reset', requests: 2 },
    { why: 'gone after it stored', answer: 'reset-after-store', requests: 2, status: 'duplicate' },
  ])('$why: delivers each event once', async ({ answer, requests, status }) => {
    const { collector, tracker } = await start([answer], answer === 'hang' ? 2_000 : undefined);
    const { delivered } = tracker.track('Seen', {}, { userId: 'u1' });
    expect(await delivered).toEqual({ kind: 'delivered', ...(status === undefined ? {} : { status }) });
    expect(namesOf(collector)).toEqual(['Seen']);
    expect(collector.requests).toHaveLength(requests);
    expect(tracker.stats()).toMatchObject({ accepted: 1, delivered: 1, pending: 0 });
  });

  test('is told of one event of a batch that it is refused: the other is stored', async () => {
    const { collector, tracker } = await start([
      {
        verdicts: (event) =>
          event.type === 'track' && event.event === 'Bad'
            ? { status: 'invalid', kind: 'dead', reason: 'too bad' }
            : undefined,
      },
    ]);
    const [bad, good] = [tracker.track('Bad', {}, { userId: 'u1' }), tracker.track('Good', {}, { userId: 'u1' })];
    expect(await bad.delivered).toMatchObject({ kind: 'dead', reason: 'too bad' });
    expect(await good.delivered).toMatchObject({ kind: 'delivered' });
    expect(namesOf(collector)).toEqual(['Good']);
    expect(collector.requests[0]?.events).toHaveLength(2);
  });
});

test('says when to come back', async () => {
  const { collector } = await start([{ status: 429, retryAfter: 7 }]);
  const { status, headers } = await fetch(collector.url, { method: 'POST', body: '{"batch":[]}' });
  expect([status, headers.get('retry-after')]).toEqual([429, '7']);
});

test('a function may answer by what is sent', async () => {
  const { collector, tracker } = await start(({ index, events }) =>
    index < 2 && events.length > 0 ? { status: 503 } : 'store',
  );
  tracker.track('Seen', {}, { userId: 'u1' });
  expect(await collector.stored(1)).toMatchObject([{ event: 'Seen', userId: 'u1' }]);
  expect(collector.requests).toHaveLength(3);
});

test('who waits for more than comes is told how much came', async () => {
  const { collector, tracker } = await start();
  tracker.track('Seen', {}, { userId: 'u1' });
  await collector.stored(1);
  await expect(collector.stored(2, 20)).rejects.toThrow('1 of 2 events were stored after 20 ms');
});

test('another key is refused, as it would be in earnest', async () => {
  const { collector } = await start();
  const stranger = createTracker({ endpoint: collector.url, writeKey: 'other', consent: { analytics: true } });
  closers.push(() => stranger.shutdown({ deadlineMs: 0 }));
  const { delivered } = stranger.track('Seen', {}, { userId: 'u1' });
  expect(await delivered).toEqual({ kind: 'dead', reason: 'http-401' });
});
