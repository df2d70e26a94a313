import { type DeliveryOutcome, definePlan } from '@org/track-core';
import { createFakeClock, type FakeClock } from '@org/track-core/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Log } from '../log/log.ts';
import { memoryLog } from '../log/memory-log.ts';
import { defaultDestinationLimits } from './lane.ts';
import { stopProbeMs } from './pace.ts';
import { type Answer, idsOf, runDispatcher, scripted } from './running-dispatcher.ts';

let clock: FakeClock;

beforeEach(() => {
  clock = createFakeClock();
});

const { maxWaitMs, timeoutMs } = defaultDestinationLimits;
const named = (count: number, from = 1): string[] => Array.from({ length: count }, (_, index) => `e${from + index}`);
const fails: Answer = { kind: 'retry', reason: 'http-500' };
const delivered: DeliveryOutcome = { kind: 'delivered' };

describe('poison', () => {
  test('one bad event of a hundred is found by halves: the rest is delivered, and few calls more are made', async () => {
    const refusing = scripted('picky', (ids) =>
      ids.includes('e37') ? { kind: 'split', reason: 'invalid: price' } : delivered,
    );
    const { append, pass, report } = runDispatcher(clock, [refusing]);
    await append(...named(100));
    await pass(maxWaitMs);
    expect(report('picky').books).toEqual({
      accepted: 100,
      delivered: 99,
      dropped: {},
      dead: { 'invalid: price': 1 },
      pending: 0,
    });
    expect(refusing.delivered.length - 1).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(100)));
  });

  test('one that makes the far end fail is a dead letter in the end; nothing waits for it', async () => {
    const failing = scripted('fragile', (ids) => (ids.includes('e3') ? fails : delivered), {
      limits: { maxEvents: 10 },
    });
    const { append, pass, report } = runDispatcher(clock, [failing]);
    await append(...named(5));
    for (let round = 0; round < 40; round++) {
      await append(`later-${round}`);
      await pass(10_000);
    }
    expect(report('fragile').books).toMatchObject({ accepted: 45, delivered: 44, dead: { 'http-500': 1 }, pending: 0 });
    expect(report('fragile').state).toBe('closed');
  });

  test('an outage of everything makes no event a dead letter, however long', async () => {
    let isDown = true;
    const down = scripted('down', () => (isDown ? fails : delivered));
    const { append, pass, report } = runDispatcher(clock, [down]);
    await append(...named(3));
    for (let hour = 0; hour < 48; hour++) await pass(3_600_000);
    expect(report('down').books).toMatchObject({ dead: {}, pending: 3 });
    isDown = false;
    await pass(120_000);
    expect(report('down').books).toMatchObject({ delivered: 3, dead: {}, pending: 0 });
  });

  test('one that was alone with its failures is no culprit while everything is down', async () => {
    let isDown = false;
    const failing = scripted('fragile', (ids) => (isDown || ids.includes('e3') ? fails : delivered));
    const { append, pass, report } = runDispatcher(clock, [failing]);
    await append(...named(5));
    for (let round = 0; round < 3; round++) await pass(5_000);
    isDown = true;
    for (let hour = 0; hour < 24; hour++) await pass(3_600_000);
    expect(report('fragile').books).toMatchObject({ delivered: 4, dead: {}, pending: 1 });
  });

  test('too large asks for less, from now on', async () => {
    const small = scripted('small', (ids) => (ids.length > 3 ? { kind: 'dead', reason: 'too-large' } : delivered));
    const { append, pass } = runDispatcher(clock, [small]);
    await append(...named(8));
    await pass(maxWaitMs);
    const sizes = small.delivered.map(({ length }) => length);
    await append(...named(8, 9));
    await pass(maxWaitMs);
    expect([sizes, small.delivered.slice(sizes.length).map(({ length }) => length)]).toEqual([
      [8, 4, 2, 2, 4, 2, 2],
      [2, 2, 2, 2],
    ]);
  });
});

describe('a far end that fails', () => {
  test('rests, is asked by one delivery of fewer events, and gets the rest once it answers', async () => {
    let isDown = true;
    const down = scripted('down', () => (isDown ? fails : delivered), { limits: { maxEvents: 4, concurrency: 3 } });
    const { append, pass, report } = runDispatcher(clock, [down]);
    await append(...named(12));
    await pass(0);
    expect(report('down')).toMatchObject({ state: 'open', restMs: 500, errors: { 'http-500': 1 } });
    await pass(500);
    await pass(1_000);
    expect(down.delivered.map(({ length }) => length)).toEqual([4, 2, 1]);
    expect(down.mostUnderWay).toBe(1);
    isDown = false;
    await pass(5_000);
    expect(report('down')).toMatchObject({ state: 'closed', books: { delivered: 12, pending: 0 } });
  });

  test.each<{ why: string; sibling: Answer }>([
    { why: 'one that came through', sibling: delivered },
    { why: 'one that failed, whose own wait is shorter', sibling: fails },
  ])('what it asked for is a minimum that no answer to another delivery shortens: $why', async ({ sibling }) => {
    let answerSecond = (_: Answer): void => {};
    const busy = scripted(
      'busy',
      (_, index) => {
        if (index === 1) return { kind: 'retry', reason: 'http-429', retryAfterMs: 30_000 };
        if (index !== 2) return delivered;
        return new Promise((resolve) => {
          answerSecond = resolve;
        });
      },
      { limits: { maxEvents: 1, concurrency: 2 } },
    );
    const { append, pass } = runDispatcher(clock, [busy]);
    await append('warm-up');
    await pass(0);
    await append(...named(5));
    await pass(0);
    answerSecond(sibling);
    await pass(29_999);
    expect(busy.delivered).toHaveLength(3);
    await pass(1_600);
    expect(busy.delivered.length).toBeGreaterThan(3);
  });

  test('as many at once as it bears: one more for each round that came through, half after a failure', async () => {
    let isDown = false;
    const steady = scripted('steady', () => (isDown ? fails : delivered), {
      limits: { maxEvents: 1, concurrency: 4 },
    });
    const { append, pass, report } = runDispatcher(clock, [steady]);
    expect(report('steady').concurrency).toBe(1);
    await append(...named(30));
    await pass(0);
    await pass(0);
    expect([report('steady').concurrency, steady.mostUnderWay <= 4]).toEqual([4, true]);
    isDown = true;
    await append('x');
    await pass(0);
    expect(report('steady').concurrency).toBe(2);
  });

  test('one that does not know us is stopped, keeps its events, and goes on when someone says so', async () => {
    const strict = scripted('strict', [{ kind: 'config', reason: 'http-401' }]);
    const { append, pass, report, dispatcher, diagnostics } = runDispatcher(clock, [strict]);
    await append(...named(3));
    await pass(maxWaitMs);
    await append('later');
    await pass(stopProbeMs / 2);
    expect(report('strict')).toMatchObject({ state: 'stopped', stopReason: 'http-401', books: { pending: 4 } });
    expect(strict.delivered).toHaveLength(1);
    expect(diagnostics).toEqual([{ code: 'destination-stopped', detail: 'strict: http-401' }]);
    dispatcher.resume('strict');
    await pass(maxWaitMs);
    expect(report('strict')).toMatchObject({ state: 'closed', books: { delivered: 4, pending: 0 } });
  });

  test('one that was stopped is asked by one event after a while', async () => {
    const strict = scripted('strict', [{ kind: 'config', reason: 'http-401' }]);
    const { append, pass } = runDispatcher(clock, [strict]);
    await append(...named(3));
    await pass(maxWaitMs);
    await pass(stopProbeMs);
    expect(strict.delivered).toEqual([['e1', 'e2', 'e3'], ['e1'], ['e2', 'e3']]);
  });
});

describe('what nobody confirmed', () => {
  test.each([
    { why: 'twice counts once: sent again', overrides: {}, sent: 2, books: { delivered: 1, dead: {} } },
    {
      why: 'twice is twice: a dead letter',
      overrides: { idempotency: 'none' as const },
      sent: 1,
      books: { delivered: 0, dead: { unconfirmed: 1 } },
    },
    {
      why: 'twice is twice, and the host wants it sent again',
      overrides: { idempotency: 'none' as const, resendsUnconfirmed: true },
      sent: 2,
      books: { delivered: 1, dead: {} },
    },
  ])('$why', async ({ overrides, sent, books }) => {
    const slow = scripted('slow', ['hang'], overrides);
    const { append, pass, report } = runDispatcher(clock, [slow]);
    await append('e1');
    await pass(maxWaitMs);
    await pass(timeoutMs + 1_000);
    expect(slow.delivered).toHaveLength(sent);
    expect(report('slow').books).toMatchObject({ ...books, pending: 0 });
  });
});

test('where twice is twice the log knows of each delivery before it begins, and of those that did not arrive', async () => {
  const order: string[] = [];
  const inner = memoryLog();
  const log: Log = {
    ...inner,
    consumer(name, options) {
      const outbox = inner.consumer(name, options);
      return {
        ...outbox,
        async begin(ids) {
          order.push(`begin ${ids}`);
          return outbox.begin(ids);
        },
        withdraw(ids) {
          order.push(`withdraw ${ids}`);
          outbox.withdraw(ids);
        },
      };
    },
  };
  const answers = [fails, delivered];
  const once = scripted(
    'once',
    (ids, index) => {
      order.push(`deliver ${ids}`);
      return answers[index] ?? delivered;
    },
    { idempotency: 'none' },
  );
  const { append, pass } = runDispatcher(clock, [once], { log });
  await append('e1');
  for (let turn = 0; turn < 5; turn++) await pass(maxWaitMs);
  expect(order).toEqual(['begin e1', 'deliver e1', 'withdraw e1', 'begin e1', 'deliver e1']);
});

test.each<{ why: string; answer: (ids: readonly string[]) => unknown }>([
  { why: 'of one event', answer: (ids) => ({ kind: 'delivered', verdicts: new Map([[ids[0], { kind: 'dead' }]]) }) },
  { why: 'of all', answer: () => ({ kind: 'dead' }) },
])('a refusal $why without a reason is a dead letter, and the log goes on taking events', async ({ answer }) => {
  const silent = scripted('silent', (ids) => answer(ids) as Answer);
  const { append, pass, report, log } = runDispatcher(clock, [silent]);
  await append('e1');
  await pass(maxWaitMs);
  await append('e2');
  expect(report('silent').books).toMatchObject({ dead: { unnamed: 1 } });
  expect(log.records.deadLetters({ limit: 9 }).map(({ reason }) => reason)).toEqual(['unnamed']);
});

test('closed while the log writes that a delivery begins: it does not begin, and its events stay', async () => {
  const inner = memoryLog();
  const written: (() => void)[] = [];
  const log: Log = {
    ...inner,
    consumer(name, options) {
      const outbox = inner.consumer(name, options);
      const begin = (ids: readonly string[]): Promise<boolean> =>
        outbox.begin(ids).then((isWritten) => new Promise((resolve) => written.push(() => resolve(isWritten))));
      return { ...outbox, begin };
    },
  };
  const hanging = scripted('hanging', 'hang', { idempotency: 'none' });
  const { append, pass, dispatcher } = runDispatcher(clock, [hanging], { log });
  await append('e1');
  await pass(maxWaitMs);
  const closing = dispatcher.close({ deadlineMs: 10 });
  await pass(10);
  for (const resolve of written) resolve();
  await closing;
  expect(hanging.delivered).toEqual([]);

  const next = scripted('hanging', [], { idempotency: 'none' });
  const again = runDispatcher(clock, [next], { log: inner });
  await again.pass(maxWaitMs);
  expect([idsOf(next), again.report('hanging').books.dead]).toEqual([['e1'], {}]);
});

describe('order', () => {
  const one = { userId: 'u1', anonymousId: 'a1' };
  const two = { userId: 'u2', anonymousId: 'a2' };

  test("of one person's events none overtakes another; other people's do not wait", async () => {
    const answers = new Map<string, number>();
    const ordered = scripted(
      'ordered',
      ([id = '']) => {
        const times = (answers.get(id) ?? 0) + 1;
        answers.set(id, times);
        return id === 'a' && times < 3
          ? { kind: 'delivered', verdicts: new Map([['a', { kind: 'retry', reason: 'busy' }]]) }
          : delivered;
      },
      { order: 'person', limits: { maxEvents: 1, concurrency: 4 } },
    );
    const { append, pass } = runDispatcher(clock, [ordered]);
    await append({ messageId: 'a', ...one }, { messageId: 'b', ...one }, { messageId: 'x', ...two });
    await append({ messageId: 'c', userId: 'u1', anonymousId: 'other-device' }, { messageId: 'y', ...two });
    await pass(0);
    expect(idsOf(ordered)).toEqual(['a', 'x', 'y']);
    await pass(10_000);
    expect(idsOf(ordered).filter((id) => 'abc'.includes(id))).toEqual(['a', 'a', 'a', 'b', 'c']);
  });

  test('of what is new and of what was there before it holds for each; new comes first, and waits only for what is away', async () => {
    const log = memoryLog({ now: clock.now });
    const before = runDispatcher(clock, [], { log });
    await before.append({ messageId: 'old-1', ...one }, { messageId: 'old-2', ...one }, { messageId: 'old-3', ...one });
    let answer = (): void => {};
    const slow = async (): Promise<Answer> => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return delivered;
    };
    const ordered = scripted('ordered', slow, { order: 'person', limits: { maxEvents: 1, concurrency: 4 } });
    const { append, pass } = runDispatcher(clock, [ordered], { log });
    await pass(maxWaitMs);
    await append({ messageId: 'new-1', ...one }, { messageId: 'new-2', ...one });
    for (let delivery = 0; delivery < 5; delivery++) {
      await pass(maxWaitMs);
      expect(ordered.underWay).toBe(1);
      answer();
    }
    await pass(maxWaitMs);
    expect(idsOf(ordered)).toEqual(['old-1', 'new-1', 'new-2', 'old-2', 'old-3']);
  });

  test('who is known from now on is still who they were', async () => {
    const hanging = scripted('ordered', 'hang', { order: 'person', limits: { maxEvents: 1, concurrency: 4 } });
    const { append, pass } = runDispatcher(clock, [hanging]);
    await append(
      { messageId: 'anonymous', anonymousId: 'a1' },
      { messageId: 'known', userId: 'u1', anonymousId: 'a1' },
    );
    await append({ messageId: 'later', userId: 'u1', anonymousId: 'a1' });
    await pass(maxWaitMs);
    expect(idsOf(hanging)).toEqual(['anonymous']);
  });
});

describe('what travels together', () => {
  test('only events of one group, and as many items and bytes as the destination takes', async () => {
    const mapped = scripted('mapped', [], {
      limits: { maxEvents: 4, maxBytes: 60, maxWaitMs: 0 },
      map: ({ messageId }) => ({
        kind: 'mapped',
        items: messageId.startsWith('double') ? ['{"i":1}', '{"i":2}'] : [`{"id":"${messageId}"}`],
        group: messageId.endsWith('x') ? 'x' : 'y',
      }),
    });
    const { append, pass } = runDispatcher(clock, [mapped]);
    await append('1x', '2y', '3x', 'double-x', '4x', '5y', `${'ü'.repeat(18)}y`, '6y');
    await pass(0);
    await pass(0);
    expect(mapped.delivered).toEqual([['1x', '3x', 'double-x'], ['2y', '5y'], ['4x'], [`${'ü'.repeat(18)}y`, '6y']]);
  });

  test('a retry carries the very bytes of the first try', async () => {
    const bodies: (readonly (readonly string[])[] | undefined)[] = [];
    let mappings = 0;
    const { append, pass } = runDispatcher(clock, [
      {
        name: 'mapped',
        requires: [],
        idempotency: 'keyed',
        map: () => ({ kind: 'mapped', items: [JSON.stringify({ mapping: mappings++ })] }),
        async deliver(_, { items }) {
          bodies.push(items);
          return bodies.length === 1 ? { kind: 'retry', reason: 'server' } : delivered;
        },
      },
    ]);
    await append('e1', 'e2');
    await pass(maxWaitMs);
    await pass(5_000);
    expect(bodies.flat()).toEqual([['{"mapping":0}'], ['{"mapping":1}'], ['{"mapping":0}'], ['{"mapping":1}']]);
  });
});

describe('what does not go out', () => {
  test.each([
    {
      why: 'mapping says no',
      map: () => ({ kind: 'dropped' as const, reason: 'reserved_name' }),
      books: { dropped: { reserved_name: 1 } },
    },
    {
      why: 'mapping finds it wrong',
      map: () => ({ kind: 'dead' as const, reason: 'no_currency' }),
      books: { dead: { no_currency: 1 } },
    },
    {
      why: 'mapping makes nothing',
      map: () => ({ kind: 'mapped' as const, items: [] }),
      books: { dropped: { unmapped: 1 } },
    },
    {
      why: 'mapping throws',
      map: () => {
        throw new Error('bug');
      },
      books: { dead: { 'mapping-failed': 1 } },
    },
    {
      why: 'mapping makes objects, not their JSON',
      map: () => ({ kind: 'mapped' as const, items: [{ name: 'sale' } as never] }),
      books: { dead: { 'mapping-failed': 1 } },
    },
    {
      why: 'mapping finds it wrong and does not say why',
      map: () => ({ kind: 'dead' as const, reason: undefined as never }),
      books: { dead: { unnamed: 1 } },
    },
  ])('$why: it has a reason, and nothing is delivered', async ({ map, books }) => {
    const destination = scripted('mapped', [], { map });
    const { append, pass, report } = runDispatcher(clock, [destination]);
    await append('e1');
    await pass(maxWaitMs);
    expect(report('mapped').books).toMatchObject({ accepted: 1, delivered: 0, pending: 0, ...books });
    expect(destination.delivered).toEqual([]);
  });

  test('events that happened too long ago, by their own time, are dead letters', async () => {
    const strict = scripted('strict', [], { maxAgeMs: 3_600_000 });
    const { append, pass, report } = runDispatcher(clock, [strict]);
    await append(
      { messageId: 'old', timestamp: new Date(clock.now() - 3_600_001).toISOString() },
      { messageId: 'young', timestamp: new Date(clock.now() - 3_590_000).toISOString() },
    );
    await pass(maxWaitMs);
    expect([idsOf(strict), report('strict').books.dead]).toEqual([['young'], { too_old: 1 }]);
  });

  test('events that were tried for too long are dead letters, not silence', async () => {
    const down = scripted('down', fails, { limits: { horizonMs: 3_600_000 } });
    const { append, pass, report, log } = runDispatcher(clock, [down]);
    await append('e1');
    await pass(3_600_000);
    expect(report('down').books).toMatchObject({ dead: {}, pending: 1 });
    await pass(120_000);
    expect(report('down').books).toMatchObject({ dead: { expired: 1 }, pending: 0 });
    expect(log.stats().deadLetters).toBe(1);
  });

  test('somebody suppressed while their events waited', async () => {
    let isDown = true;
    const down = scripted('down', () => (isDown ? fails : delivered));
    const { append, pass, report, log } = runDispatcher(clock, [down]);
    await append({ messageId: 'e1', userId: 'u1' }, 'e2');
    await pass(maxWaitMs);
    await log.suppression.add({ userId: 'u1' });
    isDown = false;
    await pass(60_000);
    expect(report('down').books).toMatchObject({ delivered: 1, dropped: { suppressed: 1 }, pending: 0 });
  });
});

describe('one by one', () => {
  test('paused: nothing leaves, the others go on; resumed: it catches up', async () => {
    const [first, second] = [scripted('first'), scripted('second')];
    const { append, pass, dispatcher, report } = runDispatcher(clock, [first, second]);
    dispatcher.pause('first');
    await append(...named(2));
    await pass(maxWaitMs);
    expect([idsOf(first), idsOf(second), report('first').state]).toEqual([[], ['e1', 'e2'], 'paused']);
    await dispatcher.flush();
    dispatcher.resume('first');
    await pass(maxWaitMs);
    expect(idsOf(first)).toEqual(['e1', 'e2']);
  });

  test('added while others run, removed, and added again where it was', async () => {
    const [first, second] = [scripted('first'), scripted('second')];
    const { append, pass, dispatcher } = runDispatcher(clock, [first]);
    await append('e1');
    await pass(maxWaitMs);
    dispatcher.add(second);
    await pass(maxWaitMs);
    expect(idsOf(second)).toEqual(['e1']);
    expect(() => dispatcher.add(scripted('second'))).toThrow('expected a name of its own, got "second" a second time');
    const removed = dispatcher.remove('second');
    await pass(0);
    await removed;
    expect([second.closed, Object.keys(dispatcher.stats())]).toEqual([1, ['first']]);
    await append('e2');
    await pass(maxWaitMs);
    const again = scripted('second');
    dispatcher.add(again);
    await pass(maxWaitMs);
    expect([idsOf(first), idsOf(again)]).toEqual([['e1', 'e2'], ['e2']]);
    expect(() => dispatcher.pause('third')).toThrow('No destination "third"; there is first, second');
  });

  test('replayed: behind what is new, to that one alone', async () => {
    const [first, second] = [scripted('first', [], { limits: { maxEvents: 2 } }), scripted('second')];
    const { append, pass, dispatcher } = runDispatcher(clock, [first, second]);
    await append(...named(6));
    await pass(maxWaitMs);
    await pass(3_600_000);
    dispatcher.pause('first');
    expect(await dispatcher.replay('first')).toBe(6);
    await pass(0); // they are out of the log already
    await append('live-1', 'live-2');
    await pass(0);
    dispatcher.resume('first');
    await pass(maxWaitMs);
    expect(first.delivered.slice(3)).toEqual([
      ['live-1', 'live-2'],
      ['e1', 'e2'],
      ['e3', 'e4'],
      ['e5', 'e6'],
    ]);
    expect(idsOf(second)).toEqual([...named(6), 'live-1', 'live-2']);
  });

  test('added to a log with much in it: what is live goes in the next delivery, all else once and in order behind it', async () => {
    const log = memoryLog({ now: clock.now });
    const { append, pass } = runDispatcher(clock, [], { log });
    const old = named(50_000);
    for (let from = 0; from < old.length; from += 500) await append(...old.slice(from, from + 500));
    let answer = (): void => {};
    const slow = scripted('slow', async () => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return delivered;
    });
    const late = runDispatcher(clock, [slow], { log });
    await pass(0);
    for (let delivery = 0; delivery < 20; delivery++) {
      await pass(0); // memory is as full as it gets
      const id = `live-${delivery}`;
      await append(id);
      await pass(0);
      answer();
      await pass(0);
      expect(slow.delivered.at(-1)?.[0]).toBe(id);
    }
    late.dispatcher.pause('slow');
    answer();
    await pass(0);
    expect(late.report('slow').books).toMatchObject({ accepted: 50_020, pending: 50_020 - idsOf(slow).length });
    expect(idsOf(slow).filter((id) => id.startsWith('e'))).toEqual(old.slice(0, idsOf(slow).length - 20));
  });

  test('a wall clock that jumps a year ahead makes nothing expire; time that passes does', async () => {
    const limits = { horizonMs: 3_600_000 };
    const far = scripted('far', fails, { limits });
    const { append, pass, report } = runDispatcher(clock, [far]);
    await append('e1');
    clock.jump(365 * 24 * 3_600_000);
    await pass(600_000);
    expect(report('far').books).toMatchObject({ pending: 1, dead: {} });
    await pass(3_700_000);
    expect(report('far').books).toMatchObject({ pending: 0, dead: { expired: 1 } });
  });

  test('who is to be forgotten is asked for once what is on its way has arrived', async () => {
    const told: string[] = [];
    let answer = (): void => {};
    const slow = scripted(
      'slow',
      async () => {
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        told.push('arrived');
        return delivered;
      },
      { erase: async () => void told.push('forgotten') },
    );
    const { append, pass, dispatcher } = runDispatcher(clock, [slow]);
    await append('e1');
    await pass(maxWaitMs);
    const erased = dispatcher.erase({ userId: 'u1' });
    await pass(1_000);
    expect(told).toEqual([]);
    answer();
    await pass(0);
    await erased;
    expect(told).toEqual(['arrived', 'forgotten']);
  });

  test('everyone is asked to forget somebody; each says what came of it', async () => {
    const asked: unknown[] = [];
    const { dispatcher, pass } = runDispatcher(clock, [
      scripted('can', [], { erase: async (person) => void asked.push(person) }),
      scripted('counts', [], { erase: async () => ({ rows: 3 }) }),
      scripted('miscounts', [], { erase: async () => ({ rows: 1.5 }) }),
      scripted('cannot'),
      scripted('stumbles', [], {
        erase: async () => {
          throw Object.assign(new Error('http-500'), { erasedRows: 2 });
        },
      }),
      scripted('fails', [], {
        erase: async () => {
          throw new Error('http-403');
        },
      }),
      scripted('hangs', [], { erase: () => new Promise(() => {}) }),
    ]);
    const erased = dispatcher.erase({ userId: 'u1' });
    await pass(10_000);
    expect([asked, await erased]).toEqual([
      [{ userId: 'u1' }],
      [
        { destination: 'can', kind: 'accepted' },
        { destination: 'counts', kind: 'erased', rows: 3 },
        { destination: 'miscounts', kind: 'accepted' },
        { destination: 'cannot', kind: 'unsupported' },
        { destination: 'stumbles', kind: 'failed', reason: 'http-500', rows: 2 },
        { destination: 'fails', kind: 'failed', reason: 'http-403' },
        { destination: 'hangs', kind: 'failed', reason: 'timeout' },
      ],
    ]);
  });
});

test('one that can writes its files anew, in its time; others say that they cannot', async () => {
  const bytes = { bytesBefore: 2, bytesAfter: 1 };
  const { dispatcher, pass } = runDispatcher(clock, [
    scripted('can', [], { compact: async () => bytes }),
    scripted('cannot'),
    scripted('hangs', [], {
      compact: ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('was ended')))),
    }),
  ]);
  expect(await dispatcher.compact('can')).toBe(bytes);
  await expect(dispatcher.compact('cannot')).rejects.toThrow('"cannot" has no files of ours');
  await expect(dispatcher.compact('nobody')).rejects.toThrow('No destination "nobody"');
  const hanging = expect(dispatcher.compact('hangs', { deadlineMs: 100 })).rejects.toThrow('timeout');
  await pass(100);
  await hanging;
});

test('how a destination is, as data', async () => {
  const far = scripted('far', [delivered, fails]);
  const { append, pass, report } = runDispatcher(clock, [far]);
  await append(...named(2));
  await pass(maxWaitMs);
  await append('e3');
  await pass(maxWaitMs);
  await pass(250);
  expect(report('far')).toEqual({
    name: 'far',
    state: 'open',
    books: { accepted: 3, delivered: 2, dropped: {}, dead: {}, pending: 1 },
    deliveries: { begun: 2, failed: 1, underWay: 0 },
    concurrency: 1,
    eventsPerSecond: expect.closeTo(0.13, 2),
    lagMs: maxWaitMs,
    oldestAgeMs: maxWaitMs + 250,
    restMs: 250,
    errors: { 'http-500': 1 },
    lastError: { reason: 'http-500', at: clock.now() - 250 },
  });
});

test('a log that holds more than a lane looks at is delivered whole, in order', async () => {
  const log = memoryLog();
  const far = scripted('far', [], { limits: { maxEvents: 100 } });
  const { append, pass, report } = runDispatcher(clock, [far], {
    log,
    plan: definePlan({ version: '1', events: {} }),
  });
  for (let batch = 0; batch < 40; batch++) await append(...named(100, batch * 100));
  for (let turn = 0; turn < 20; turn++) await pass(0);
  expect(report('far').books).toMatchObject({ accepted: 4_000, delivered: 4_000, pending: 0 });
  expect(idsOf(far)).toEqual(named(4_000, 0));
});
