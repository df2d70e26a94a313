import { describe, expect, test } from 'vitest';
import type { Entry } from '../event/entry.ts';
import { createMemoryOutbox } from '../outbox/memory-outbox.ts';
import type { Outbox, OutboxHost } from '../outbox/outbox.ts';
import { anEntry } from '../testing/builders.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createScriptedTransport } from '../testing/scripted-transport.ts';
import type { Transport } from '../transport/transport.ts';
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
function durableOutbox(): Outbox & { arrive(...entries: readonly Entry[]): void } {
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
    arrive(...entries) {
      for (const entry of entries) void memory.add(entry);
      host?.onArrived(entries.length, true);
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

  test('a batch is full by bytes as well', async () => {
    const { clock, put, sentIds } = setUp([], { limits: { maxBytes: 100, maxWaitMs: 1_000 } });
    for (const id of ['a', 'b', 'c']) void put(anEntry({ id, bytes: 50 }));
    await clock.advance(0);
    expect(sentIds()).toEqual(['ab']);
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
    outbox.arrive(anEntry({ id: 'old' }), anEntry({ id: 'er' }));
    expect(queue.stats()).toEqual({ accepted: 2, delivered: 0, dropped: {}, dead: {}, pending: 2 });
    await clock.advance(0);
    expect(sentIds()).toEqual(['older']);
    expect(queue.stats()).toEqual({ accepted: 2, delivered: 2, dropped: {}, dead: {}, pending: 0 });
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
  test('one batch at a time asks whether it is back, then all lanes open again', async () => {
    const down = { kind: 'retry', reason: 'server' } as const;
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

  test('an answer that comes after we stopped waiting changes nothing', async () => {
    const { clock, add, transport, queue } = setUp(['hang']);
    add('a');
    await clock.advance(7_000);
    transport.answer({ kind: 'dead', reason: 'late' });
    await clock.settle();
    expect(queue.stats()).toEqual({ accepted: 1, delivered: 1, dropped: {}, dead: {}, pending: 0 });
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

  test('a transport that rejects counts as a broken network', async () => {
    const codes: string[] = [];
    const transport: Transport = { send: () => Promise.reject(new Error('broken')) };
    const { clock, add, queue } = setUp([], { transport, onDiagnostic: ({ code }) => codes.push(code) });
    add('a');
    await clock.advance(1_000);
    expect(codes).toEqual(['send-failed']);
    expect(queue.stats().pending).toBe(1);
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

  test('whatever its fate, and whoever decided it, the outbox hears it', () => {
    const memory = createMemoryOutbox({ maxEvents: 1 });
    const settled: unknown[] = [];
    const outbox: Outbox = { ...memory, settle: (...fate) => void settled.push(fate) };
    const { add } = setUp([], { outbox });
    add('a', 'b');
    expect(settled).toEqual([['a', { kind: 'dropped', reason: 'outbox-full' }]]);
  });

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

  test('a flush ends at its deadline, with its events still pending', async () => {
    const { clock, add, queue } = setUp(() => ({ kind: 'retry', reason: 'network' }));
    let isDone = false;
    add('a');
    void queue.flush({ deadlineMs: 3_000 }).then(() => {
      isDone = true;
    });
    await clock.advance(2_999);
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

  test('after a shutdown a flush is done at once', async () => {
    const { queue, clock } = setUp();
    await queue.shutdown();
    await queue.flush();
    expect(clock.timers).toBe(0);
  });
});
