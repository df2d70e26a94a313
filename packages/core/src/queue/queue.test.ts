import { describe, expect, test } from 'vitest';
import type { Entry, Verdict } from '../event/entry.ts';
import { createMemoryOutbox } from '../outbox/memory-outbox.ts';
import type { Outbox, OutboxHost } from '../outbox/outbox.ts';
import { anEntry } from '../testing/builders.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createScriptedTransport, type ScriptedAnswer } from '../testing/scripted-transport.ts';
import type { SendOutcome, SendVerdict, Transport } from '../transport/transport.ts';
import { createQueue, type QueueLimits, type QueueOptions } from './queue.ts';

const limits: Partial<QueueLimits> = { maxEvents: 3, maxWaitMs: 1_000, timeoutMs: 5_000 };

function setUp(script: Parameters<typeof createScriptedTransport>[0] = [], given: Partial<QueueOptions<string>> = {}) {
  const clock = createFakeClock();
  const transport = createScriptedTransport(script);
  const outbox = createMemoryOutbox();
  const queue = createQueue({ outbox, transport, clock, random: () => 0.5, limits, ...given });
  const put = (entry: Entry): void | Promise<boolean> => {
    queue.accept(1);
    return queue.add(entry);
  };
  const add = (...ids: readonly string[]): void => {
    for (const id of ids) void put(anEntry({ id }));
  };
  const sentIds = (): readonly string[] => transport.sent.map(({ ids }) => ids.join(''));
  return { clock, transport, outbox, queue, put, add, sentIds };
}

/** An outbox whose entries outlive the queue. */
function durableOutbox(): Outbox & { arrive(entries: readonly Entry[], hasWaited?: boolean): void } {
  const memory = createMemoryOutbox();
  let host: OutboxHost | undefined;
  return {
    ...memory,
    close() {}, // all of it stays
    open(newHost) {
      host = newHost;
      memory.open(newHost);
    },
    add: (entry) => {
      void memory.add(entry);
      return Promise.resolve(true);
    },
    arrive(entries, hasWaited) {
      for (const entry of entries) void memory.add(entry);
      host?.onArrived(entries.length, hasWaited);
    },
  };
}

describe('when a batch leaves', () => {
  test('an event waits for company, and no longer than maxWaitMs', async () => {
    const { clock, add, sentIds } = setUp();
    add('a');
    await clock.advance(600);
    add('b');
    await clock.advance(399);
    expect(sentIds()).toEqual([]);
    await clock.advance(1);
    expect(sentIds()).toEqual(['ab']);
  });

  test('what comes while a batch is under way waits for its own company, not for the answer alone', async () => {
    const { clock, add, transport, sentIds } = setUp(['hang']);
    add('a');
    await clock.advance(1_000);
    expect(sentIds()).toEqual(['a']);
    add('b');
    await clock.advance(600);
    transport.answer({ kind: 'delivered' });
    await clock.advance(399);
    expect(sentIds()).toEqual(['a']);
    await clock.advance(1);
    expect(sentIds()).toEqual(['a', 'b']);
  });

  test('and if the answer takes longer than that, it leaves with the answer', async () => {
    const { clock, add, transport, sentIds } = setUp(['hang']);
    add('a');
    await clock.advance(1_000);
    add('b');
    await clock.advance(1_500);
    expect(sentIds()).toEqual(['a']);
    transport.answer({ kind: 'delivered' });
    await clock.advance(0);
    expect(sentIds()).toEqual(['a', 'b']);
  });

  test('a limit that is undefined is the default', async () => {
    const unset = { maxEvents: undefined, maxBytes: undefined, maxWaitMs: undefined, timeoutMs: undefined } as object;
    const { clock, add, queue, sentIds, transport } = setUp(['hang'], { limits: unset });
    add('a');
    await clock.advance(2_000);
    expect(sentIds()).toEqual(['a']);
    await clock.advance(1_000);
    transport.answer({ kind: 'delivered' });
    await clock.settle();
    expect(queue.stats().delivered).toBe(1);
    for (let index = 0; index < 101; index++) add('b');
    await clock.advance(0);
    expect(transport.sent[1]?.ids).toHaveLength(100);
  });

  test('a full batch leaves at once, but not in the turn of the call that filled it', async () => {
    const { clock, add, sentIds } = setUp();
    add('a', 'b', 'c', 'd');
    await clock.settle();
    expect(sentIds()).toEqual([]);
    await clock.advance(0);
    expect(sentIds()).toEqual(['abc']);
    await clock.advance(1_000);
    expect(sentIds()).toEqual(['abc', 'd']);
  });

  test.each([
    { why: 'fewer wait for company', ids: 'a', expected: [] },
    { why: 'just as many are enough', ids: 'ab', expected: ['ab'] },
    { why: 'what is beyond stays behind', ids: 'abc', expected: ['ab'] },
  ])('a batch is full by bytes as well: $why', async ({ ids, expected }) => {
    const { clock, put, sentIds } = setUp([], { limits: { maxBytes: 100, maxWaitMs: 1_000 } });
    for (const id of ids) void put(anEntry({ id, bytes: 50 }));
    await clock.advance(0);
    expect(sentIds()).toEqual(expected);
  });

  test.each([
    { why: '99 events wait for company', count: 99, bytes: 1, expected: [] },
    { why: '100 events are full', count: 101, bytes: 1, expected: [100] },
    { why: '48 KiB less a byte wait for company', count: 3, bytes: 16_383, expected: [] },
    { why: '48 KiB are full', count: 4, bytes: 16_384, expected: [3] },
  ])('by default $why', async ({ count, bytes, expected }) => {
    const { clock, put, transport } = setUp(() => 'hang', { limits: {} });
    for (let made = 0; made < count; made++) void put(anEntry({ bytes }));
    await clock.advance(0);
    expect(transport.sent.map(({ ids }) => ids.length)).toEqual(expected);
  });

  test('a flush does not wait for company', async () => {
    const { clock, add, queue, sentIds } = setUp();
    add('a');
    const flushed = queue.flush();
    await clock.settle();
    expect(sentIds()).toEqual(['a']);
    await flushed;
  });

  test('an exit hands over every batch at once, and says so to the transport', async () => {
    const { add, queue, transport, sentIds, clock } = setUp(() => 'hang');
    add('a', 'b', 'c', 'd');
    queue.exit();
    expect(sentIds()).toEqual(['abc', 'd']);
    expect(transport.sent.map(({ options }) => options.exit)).toEqual([true, true]);
    await clock.settle();
  });

  test('an exit respects the rest that the far end asked for', async () => {
    const { add, queue, sentIds, clock } = setUp([{ kind: 'retry', reason: 'throttled', retryAfterMs: 9_000 }]);
    add('a');
    await clock.advance(1_000);
    add('b');
    queue.exit();
    expect(sentIds()).toEqual(['a']);
  });

  test('entries of an earlier visit have waited enough: they leave at once, and are in the books', async () => {
    const outbox = durableOutbox();
    const { clock, queue, sentIds } = setUp([], { outbox });
    outbox.arrive([anEntry({ id: 'old' }), anEntry({ id: 'er' })], true);
    expect(queue.stats()).toEqual({ accepted: 2, delivered: 0, dropped: {}, dead: {}, pending: 2 });
    await clock.advance(0);
    expect(sentIds()).toEqual(['older']);
    expect(queue.stats()).toEqual({ accepted: 2, delivered: 2, dropped: {}, dead: {}, pending: 0 });
  });

  test.each([
    { why: 'left by an earlier visit leaves at once', hasWaited: true, atOnce: ['a'] },
    { why: 'from elsewhere waits for company', hasWaited: false, atOnce: [] },
  ])('what arrives $why, and not in the turn of who brought it', async ({ hasWaited, atOnce }) => {
    const outbox = durableOutbox();
    const { clock, sentIds } = setUp([], { outbox });
    outbox.arrive([anEntry({ id: 'a' })], hasWaited);
    await clock.settle();
    expect(sentIds()).toEqual([]);
    await clock.advance(0);
    expect(sentIds()).toEqual(atOnce);
    await clock.advance(1_000);
    expect(sentIds()).toEqual(['a']);
  });

  test('an outbox in trouble, which gives nothing although something waits, is asked again after baseDelayMs', async () => {
    const asked: number[] = [];
    const memory = createMemoryOutbox();
    const pull: Outbox['pull'] = (batchLimits) => (asked.push(clock.elapsed()) > 1 ? memory.pull(batchLimits) : []);
    const { clock, add, sentIds } = setUp([], {
      outbox: { ...memory, pull },
      limits: { ...limits, baseDelayMs: 4_000 },
    });
    add('a');
    await clock.advance(10_000);
    expect(asked).toEqual([1_000, 5_000]);
    expect(sentIds()).toEqual(['a']);
  });

  test('an idle queue keeps no timer', async () => {
    const { clock, add, transport } = setUp(['hang']);
    add('a');
    await clock.advance(1_000);
    transport.answer({ kind: 'delivered' });
    await clock.settle();
    expect(clock.timers).toBe(0);
  });
});

describe('while the far end fails', () => {
  const down = { kind: 'retry', reason: 'server' } as const;
  const busy = { kind: 'retry', reason: 'throttled', retryAfterMs: 2_000 } as const;

  test('one batch at a time asks whether it is back, then all lanes open again', async () => {
    const { clock, add, transport } = setUp([down, down, down, 'hang', 'hang', 'hang'], {
      limits: { ...limits, concurrency: 3 },
    });
    add(...'abcdefghi');
    await clock.advance(0);
    expect(transport.sent).toHaveLength(3);
    await clock.advance(1_500);
    expect(transport.underWay).toBe(1);
    transport.answer({ kind: 'delivered' });
    await clock.settle();
    expect(transport.underWay).toBe(2);
  });

  test('a far end that hangs is given up after timeoutMs, and its request is aborted', async () => {
    const { clock, add, transport, sentIds } = setUp(['hang']);
    add('a');
    await clock.advance(1_000 + 5_000);
    expect(transport.sent[0]?.options.signal.aborted).toBe(true);
    await clock.advance(1_000);
    expect(sentIds()).toEqual(['a', 'a']);
  });

  test('by default that is after 15 s', async () => {
    const { clock, add, queue, transport } = setUp(['hang'], { limits: {} });
    add('a');
    void queue.flush();
    await clock.advance(14_999);
    expect(transport.sent[0]?.options.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(transport.sent[0]?.options.signal.aborted).toBe(true);
  });

  test.each<{ why: string; answer: SendOutcome }>([
    { why: 'delivered', answer: { kind: 'delivered' } },
    { why: 'to be tried again', answer: { kind: 'retry', reason: 'server', retryAfterMs: 60_000 } },
    { why: 'refused', answer: { kind: 'dead', reason: 'malformed' } },
    { why: 'no answer to come', answer: { kind: 'unconfirmed' } },
  ])('an answer in time aborts nothing, then or later: $why', async ({ answer }) => {
    const { clock, add, transport } = setUp([answer]);
    add('a');
    await clock.advance(1_000 + 5_000);
    expect(transport.sent[0]?.options.signal.aborted).toBe(false);
  });

  test('an answer that comes after we stopped waiting changes nothing', async () => {
    const { clock, add, transport, queue } = setUp(['hang']);
    add('a');
    await clock.advance(7_000);
    transport.answer({ kind: 'dead', reason: 'late' });
    await clock.settle();
    expect(queue.stats()).toEqual({ accepted: 1, delivered: 1, dropped: {}, dead: {}, pending: 0 });
  });

  test.each([
    { random: 0, leavesAtMs: 4_000 },
    { random: 0.5, leavesAtMs: 4_500 },
    { random: 0.75, leavesAtMs: 4_750 },
  ])(
    'the wait that the far end names is the least, and the jitter comes on top: $random',
    async ({ random, leavesAtMs }) => {
      const { clock, add, queue, sentIds } = setUp([{ kind: 'retry', reason: 'throttled', retryAfterMs: 4_000 }], {
        random: () => random,
      });
      add('a');
      void queue.flush({ deadlineMs: 60_000 });
      await clock.advance(leavesAtMs - 1);
      expect(sentIds()).toEqual(['a']);
      await clock.advance(1);
      expect(sentIds()).toEqual(['a', 'a']);
    },
  );

  test('by default no wait is longer than a minute', async () => {
    const tries: number[] = [];
    const transport: Transport = {
      async send() {
        tries.push(clock.elapsed());
        return { kind: 'retry', reason: 'network' };
      },
    };
    const { clock, add } = setUp([], { transport, limits: {} });
    add('a');
    await clock.advance(600_000);
    expect((tries.at(-1) ?? 0) - (tries.at(-2) ?? 0)).toBe(0.5 * 60_000);
  });

  test.each<{ why: string; script: readonly ScriptedAnswer[]; expected: readonly [string, number][] }>([
    {
      why: 'a failure is one',
      script: [down, down, { kind: 'delivered' }],
      expected: [
        ['a', 0],
        ['ab', 1],
        ['ab', 2],
      ],
    },
    {
      why: 'a wait that the far end names costs none',
      script: [busy, down, { kind: 'delivered' }],
      expected: [
        ['a', 0],
        ['ab', 0],
        ['ab', 1],
      ],
    },
    {
      why: 'nor does one that it names for this event',
      script: [
        { kind: 'delivered', verdicts: new Map([['a', { kind: 'retry', reason: 'busy', retryAfterMs: 2_000 }]]) },
        { kind: 'delivered' },
        down,
      ],
      expected: [
        ['a', 0],
        ['b', 0],
        ['a', 0],
        ['a', 1],
      ],
    },
    {
      why: 'what came later has its own',
      script: [down, down, { kind: 'dead', reason: 'too-large' }],
      expected: [
        ['a', 0],
        ['ab', 1],
        ['ab', 2],
        ['a', 2],
        ['b', 1],
      ],
    },
  ])('tries count for those who made them: $why', async ({ script, expected }) => {
    const { clock, add, transport } = setUp(script);
    add('a');
    await clock.advance(1_000);
    add('b');
    await clock.advance(60_000);
    expect(transport.sent.map(({ ids, options }) => [ids.join(''), options.attempt])).toEqual(expected);
  });

  test("another lane's success does not shorten the rest", async () => {
    const busy = { kind: 'retry', reason: 'throttled', retryAfterMs: 5_000 } as const;
    const { clock, add, transport, sentIds } = setUp([busy, 'hang'], { limits: { ...limits, concurrency: 2 } });
    add(...'abcdefg');
    await clock.advance(0);
    transport.answer({ kind: 'delivered' });
    await clock.advance(4_999);
    expect(sentIds()).toEqual(['abc', 'def']);
    await clock.advance(1_000);
    expect(sentIds()).toEqual(['abc', 'def', 'abc', 'g']);
  });

  test('a shorter wait does not cut a longer one', async () => {
    const busy = { kind: 'retry', reason: 'throttled', retryAfterMs: 9_000 } as const;
    const { clock, add, transport, sentIds } = setUp([busy, 'hang'], { limits: { ...limits, concurrency: 2 } });
    add(...'abcdef');
    await clock.advance(0);
    transport.answer({ ...busy, retryAfterMs: 1_000 });
    await clock.advance(8_999);
    expect(sentIds()).toEqual(['abc', 'def']);
    await clock.advance(1_000);
    expect(sentIds()).toHaveLength(4);
  });

  test.each<{ why: string; send: Transport['send']; expected: readonly unknown[]; pending: number }>([
    { why: 'delivered: nothing', send: async () => ({ kind: 'delivered' }), expected: [], pending: 0 },
    { why: 'what it says', send: async () => down, expected: [['send-failed', 'server']], pending: 1 },
    {
      why: 'what it refuses',
      send: async () => ({ kind: 'dead', reason: 'malformed' }),
      expected: [['send-failed', 'malformed']],
      pending: 0,
    },
    {
      why: 'a transport that rejects counts as a broken network',
      send: () => Promise.reject(new Error('broken')),
      expected: [['send-failed', 'network']],
      pending: 1,
    },
    { why: 'silence', send: () => new Promise(() => {}), expected: [['send-failed', 'timeout']], pending: 1 },
  ])('the host hears why: $why', async ({ send, expected, pending }) => {
    const heard: unknown[] = [];
    const { clock, add, queue } = setUp([], {
      transport: { send },
      onDiagnostic: ({ code, detail }) => heard.push([code, detail]),
      limits: { ...limits, baseDelayMs: 60_000 },
    });
    add('a');
    await clock.advance(1_000 + 5_000);
    expect(heard).toEqual(expected);
    expect(queue.stats().pending).toBe(pending);
  });

  test('a listener that throws does not reach us', async () => {
    const onDiagnostic = (): never => {
      throw new Error('the host is broken');
    };
    const { clock, add, queue } = setUp([{ kind: 'dead', reason: 'malformed' }], { onDiagnostic });
    add('a');
    await clock.advance(1_000);
    expect(queue.stats().dead).toEqual({ malformed: 1 });
  });
});

describe('fates', () => {
  test('only what the far end asked for is sent again', async () => {
    const verdicts = new Map([
      ['b', { kind: 'retry', reason: 'busy', retryAfterMs: 2_000 } as const],
      ['c', { kind: 'dead', reason: 'invalid' } as const],
    ]);
    const { clock, add, queue, sentIds } = setUp([{ kind: 'delivered', verdicts }]);
    add('a', 'b', 'c');
    await clock.advance(1_999);
    expect(sentIds()).toEqual(['abc']);
    await clock.advance(2_000);
    expect(sentIds()).toEqual(['abc', 'b']);
    expect(queue.stats()).toEqual({ accepted: 3, delivered: 2, dropped: {}, dead: { invalid: 1 }, pending: 0 });
  });

  test('those that are to be tried again leave together, when the longest of their waits is over', async () => {
    const verdicts = new Map([
      ['a', { kind: 'retry', reason: 'busy', retryAfterMs: 5_000 } as const],
      ['b', { kind: 'retry', reason: 'busy', retryAfterMs: 2_000 } as const],
      ['c', { kind: 'retry', reason: 'busy' } as const],
    ]);
    const { clock, add, sentIds } = setUp([{ kind: 'delivered', verdicts }]);
    add('a', 'b', 'c');
    await clock.advance(4_999);
    expect(sentIds()).toEqual(['abc']);
    await clock.advance(1);
    expect(sentIds()).toEqual(['abc', 'abc']);
  });

  test('one that is to be tried again delays no other, and closes no lane', async () => {
    const verdicts = new Map([['a', { kind: 'retry', reason: 'busy', retryAfterMs: 60_000 } as const]]);
    const { clock, add, sentIds } = setUp([{ kind: 'delivered', verdicts }, 'hang', 'hang'], {
      limits: { ...limits, concurrency: 2 },
    });
    add(...'abc');
    await clock.advance(0);
    add(...'defghi');
    await clock.advance(0);
    expect(sentIds()).toEqual(['abc', 'def', 'ghi']);
  });

  test('a batch that is refused for any reason but its size is not tried again', async () => {
    const { clock, add, queue, sentIds } = setUp([{ kind: 'dead', reason: 'http-400' }]);
    add('a', 'b', 'c');
    await clock.advance(60_000);
    expect(sentIds()).toEqual(['abc']);
    expect(queue.stats()).toEqual({ accepted: 3, delivered: 0, dropped: {}, dead: { 'http-400': 3 }, pending: 0 });
  });

  test.each<{ why: string; verdict: object; dead: object }>([
    { why: 'a kind that nobody knows', verdict: { kind: 'lost', reason: 'at sea' }, dead: { 'at sea': 1 } },
    { why: 'no reason', verdict: { kind: 'dead' }, dead: { undefined: 1 } },
    { why: 'no kind', verdict: { reason: 'none' }, dead: { none: 1 } },
    {
      why: 'the name of what objects have',
      verdict: { kind: 'dead', reason: 'constructor' },
      dead: { constructor: 1 },
    },
    { why: 'the name of what objects are', verdict: { kind: 'dead', reason: '__proto__' }, dead: { ['__proto__']: 1 } },
  ])('what a far end says may be anything, and the books hold it: $why', async ({ verdict, dead }) => {
    const { clock, add, queue } = setUp([{ kind: 'delivered', verdicts: new Map([['a', verdict as SendVerdict]]) }]);
    add('a', 'b', 'c');
    await clock.advance(0);
    expect(queue.stats()).toEqual({ accepted: 3, delivered: 2, dropped: {}, dead, pending: 0 });
  });

  test('200 events for a far end that takes ten: no more than a few tries are wasted', async () => {
    const { clock, queue, put, transport } = setUp(
      ({ ids }) => (ids.length > 10 ? { kind: 'dead', reason: 'too-large' } : { kind: 'delivered' }),
      {
        limits: { maxEvents: 100 },
      },
    );
    for (let count = 0; count < 200; count++) void put(anEntry());
    await clock.advance(10_000);
    expect(queue.stats().delivered).toBe(200);
    expect(transport.sent.filter(({ ids }) => ids.length > 10).length).toBeLessThanOrEqual(12);
  });

  test('with several lanes at work an older answer does not raise what a later one lowered', async () => {
    const tooLarge = { kind: 'dead', reason: 'too-large' } as const;
    const { clock, add, transport } = setUp(
      ({ ids }, index) => (index === 0 ? 'hang' : ids.length > 1 ? tooLarge : { kind: 'delivered' }),
      { limits: { ...limits, maxEvents: 8, concurrency: 2 } },
    );
    add(...'abcdefghijklmnop');
    await clock.advance(1_500);
    transport.answer(tooLarge);
    await clock.advance(10_000);
    const sizes = transport.sent.map(({ ids }) => ids.length);
    expect(sizes).toEqual([8, 8, 4, 2, ...new Array(16).fill(1)]);
  });

  test('one event that is too large alone dies, and what is behind it goes on', async () => {
    const { clock, add, queue } = setUp(({ ids }) =>
      ids.includes('b') ? { kind: 'dead', reason: 'too-large' } : { kind: 'delivered' },
    );
    add('a', 'b', 'c', 'd');
    await clock.advance(5_000);
    expect(queue.stats()).toEqual({ accepted: 4, delivered: 3, dropped: {}, dead: { 'too-large': 1 }, pending: 0 });
  });

  test('what left without an answer stays pending and is not sent again', async () => {
    const { clock, add, queue, sentIds } = setUp([{ kind: 'unconfirmed' }]);
    add('a');
    await clock.advance(60_000);
    expect(sentIds()).toEqual(['a']);
    expect(queue.stats()).toEqual({ accepted: 1, delivered: 0, dropped: {}, dead: {}, pending: 1 });
  });

  test('consent is asked again when an event leaves', async () => {
    let isAllowed = true;
    const { clock, add, queue, sentIds } = setUp([], { allow: ({ id }) => isAllowed || id === 'b' });
    add('a', 'b');
    isAllowed = false;
    await clock.advance(1_000);
    expect(sentIds()).toEqual(['b']);
    expect(queue.stats().dropped).toEqual({ consent: 1 });
  });

  test.each<{ why: string; answer?: SendOutcome; allow?: boolean; sweeps?: boolean; fate: Verdict }>([
    { why: 'delivered', fate: { kind: 'delivered' } },
    {
      why: 'refused with its batch',
      answer: { kind: 'dead', reason: 'malformed' },
      fate: { kind: 'dead', reason: 'malformed' },
    },
    {
      why: 'refused alone',
      answer: { kind: 'delivered', verdicts: new Map([['b', { kind: 'dead', reason: 'invalid' }]]) },
      fate: { kind: 'dead', reason: 'invalid' },
    },
    { why: 'not allowed to leave', allow: false, fate: { kind: 'dropped', reason: 'consent' } },
    { why: 'swept', allow: false, sweeps: true, fate: { kind: 'dropped', reason: 'consent' } },
  ])(
    'whatever its fate, and whoever decided it, the outbox hears it: $why',
    async ({ answer, allow = true, sweeps, fate }) => {
      const settled: unknown[] = [];
      const outbox: Outbox = {
        ...createMemoryOutbox({ maxEvents: 1 }),
        settle: (...said) => void settled.push(said),
      };
      const { clock, add, queue } = setUp(answer && [answer], { outbox, allow: () => allow });
      add('a', 'b'); // room for one
      if (sweeps) queue.sweep();
      else await clock.advance(1_000);
      expect(settled).toEqual([
        ['a', { kind: 'dropped', reason: 'outbox-full' }],
        ['b', fate],
      ]);
    },
  );

  test('a receipt is told the fate and no more of what the far end said', async () => {
    const told: unknown[] = [];
    const { clock, add, queue } = setUp([{ kind: 'delivered', verdicts: new Map() }]);
    queue.onSettled((...fate) => told.push(fate));
    add('a');
    await clock.advance(1_000);
    expect(told).toEqual([['a', { kind: 'delivered' }]]);
  });

  test('a sweep drops what is no longer allowed, also what waits for its next try', async () => {
    let isAllowed = true;
    const { clock, add, queue, outbox } = setUp([{ kind: 'retry', reason: 'network' }], { allow: () => isAllowed });
    add('a', 'b', 'c');
    await clock.advance(0);
    add('d');
    isAllowed = false;
    queue.sweep();
    expect(queue.stats()).toEqual({ accepted: 4, delivered: 0, dropped: { consent: 4 }, dead: {}, pending: 0 });
    expect(outbox.depth()).toEqual({ waiting: 0, waitingBytes: 0 });
  });
});

test('what a sweep has in its hands is not hidden from a flush in the same turn', async () => {
  const { add, queue, sentIds } = setUp();
  add('a');
  queue.sweep();
  await queue.flush();
  expect(sentIds()).toEqual(['a']);
});

test('what failed is not hidden from a listener that flushes when it hears so', async () => {
  const rests: number[] = [];
  let flushed: Promise<void> | undefined;
  let isFlushed = false;
  const { add, clock, queue, sentIds } = setUp([{ kind: 'retry', reason: 'network' }], {
    outbox: { ...createMemoryOutbox(), rest: () => rests.push(clock.elapsed()) },
    onDiagnostic() {
      flushed = queue.flush().then(() => {
        isFlushed = true;
      });
    },
  });
  add('a');
  await clock.advance(1_000);
  expect(sentIds()).toEqual(['a']);
  expect([isFlushed, rests]).toEqual([false, []]);
  await clock.advance(1_000);
  await flushed;
  expect(sentIds()).toEqual(['a', 'a']);
});

describe('flush and shutdown', () => {
  test('overlapping flushes all wait until nothing is under way', async () => {
    const { clock, add, queue, transport } = setUp(() => 'hang');
    const done: string[] = [];
    add('a');
    void queue.flush().then(() => done.push('first'));
    await clock.settle();
    add('b');
    void queue.flush().then(() => done.push('second'));
    transport.answer({ kind: 'delivered' });
    await clock.settle();
    expect(done).toEqual([]);
    transport.answer({ kind: 'delivered' });
    await clock.settle();
    expect(done).toEqual(['first', 'second']);
  });

  test('a flush does not wait for what the outbox had to drop', async () => {
    const { add, queue, sentIds } = setUp([], { outbox: createMemoryOutbox({ maxEvents: 2 }) });
    add('a', 'b', 'c');
    await queue.flush();
    expect(sentIds()).toEqual(['bc']);
    expect(queue.stats()).toEqual({ accepted: 3, delivered: 2, dropped: { 'outbox-full': 1 }, dead: {}, pending: 0 });
  });

  test('a flush of an empty queue is done', async () => {
    const { queue, clock } = setUp();
    await queue.flush();
    expect(clock.timers).toBe(0);
  });

  test.each([
    { why: '3 s', deadline: { deadlineMs: 3_000 }, endsAtMs: 3_000 },
    { why: 'by default 10 s', deadline: undefined, endsAtMs: 10_000 },
  ])('a flush ends at its deadline, with its events still pending: $why', async ({ deadline, endsAtMs }) => {
    const { clock, add, queue } = setUp(() => ({ kind: 'retry', reason: 'network' }));
    let isDone = false;
    add('a');
    void queue.flush(deadline).then(() => {
      isDone = true;
    });
    await clock.advance(endsAtMs - 1);
    expect(isDone).toBe(false);
    await clock.advance(1);
    expect(isDone).toBe(true);
    expect(queue.stats().pending).toBe(1);
  });

  test('at its deadline a shutdown drops what a memory outbox holds, and counts it', async () => {
    const { clock, add, queue, transport } = setUp(() => 'hang');
    add('a', 'b', 'c', 'd');
    const closed = queue.shutdown({ deadlineMs: 100 });
    expect(queue.shutdown()).toBe(closed);
    await clock.advance(100);
    await closed;
    expect(queue.stats()).toEqual({ accepted: 4, delivered: 0, dropped: { shutdown: 4 }, dead: {}, pending: 0 });
    expect(transport.sent.every(({ options }) => options.signal.aborted)).toBe(true);
    expect(clock.timers).toBe(0);
    await clock.advance(60_000);
    expect(transport.sent).toHaveLength(1);
  });

  test('what waits for a later try of its own is dropped and counted as well', async () => {
    const verdicts = new Map([['b', { kind: 'retry', reason: 'busy', retryAfterMs: 60_000 } as const]]);
    const { clock, add, queue } = setUp([{ kind: 'delivered', verdicts }]);
    add('a', 'b', 'c');
    const closed = queue.shutdown({ deadlineMs: 100 });
    await clock.advance(100);
    await closed;
    expect(queue.stats()).toEqual({ accepted: 3, delivered: 2, dropped: { shutdown: 1 }, dead: {}, pending: 0 });
    expect(clock.timers).toBe(0);
  });

  test('an outbox rests when nothing waits and nothing is under way, not before', async () => {
    const rests: number[] = [];
    const memory = createMemoryOutbox();
    const outbox = { ...memory, rest: () => rests.push(clock.elapsed()) };
    const { clock, add, transport } = setUp(['hang'], { outbox });
    add('a');
    await clock.advance(1_000);
    expect(transport.sent).toHaveLength(1);
    expect(rests).toEqual([]);
    transport.answer({ kind: 'delivered' });
    await clock.settle();
    expect(rests.length).toBeGreaterThan(0);
  });

  test('a durable outbox keeps them: they are pending', async () => {
    const { clock, queue, put } = setUp(() => 'hang', { outbox: durableOutbox() });
    const stored = put(anEntry());
    expect(await stored).toBe(true);
    const closed = queue.shutdown({ deadlineMs: 100 });
    await clock.advance(100);
    await closed;
    expect(queue.stats()).toMatchObject({ accepted: 1, dropped: {}, pending: 1 });
  });

  test.each([
    { why: 'with nothing left', ids: [], outbox: createMemoryOutbox() },
    { why: 'with what a durable outbox keeps', ids: ['a'], outbox: durableOutbox() },
  ])('after a shutdown a flush is done at once: $why', async ({ ids, outbox }) => {
    const { queue, clock, add } = setUp(() => 'hang', { outbox });
    add(...ids);
    const closed = queue.shutdown({ deadlineMs: 100 });
    await clock.advance(100);
    await closed;
    await queue.flush();
    expect(queue.stats().pending).toBe(ids.length);
    expect(clock.timers).toBe(0);
  });

  test('a shutdown is over when the outbox has closed', async () => {
    let closeOutbox = (): void => {};
    const close = (): Promise<void> =>
      new Promise((resolve) => {
        closeOutbox = resolve;
      });
    const { queue, clock } = setUp([], { outbox: { ...createMemoryOutbox(), close } });
    let isDone = false;
    void queue.shutdown().then(() => {
      isDone = true;
    });
    await clock.settle();
    expect(isDone).toBe(false);
    closeOutbox();
    await clock.settle();
    expect(isDone).toBe(true);
  });
});
