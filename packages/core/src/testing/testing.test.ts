import { describe, expect, test } from 'vitest';
import type { Entry } from '../event/entry.ts';
import { envelopeBody } from '../event/envelope.ts';
import { parseEvent } from '../event/parse-event.ts';
import { createMemoryOutbox } from '../outbox/memory-outbox.ts';
import type { Outbox, OutboxHost } from '../outbox/outbox.ts';
import { outcomeOfResponse } from '../transport/outcome-of-response.ts';
import type { SendOutcome, Transport } from '../transport/transport.ts';
import {
  aCollectedEvent,
  anEntry,
  anEvent,
  type ContractCase,
  createFakeClock,
  createScriptedTransport,
  createSeededRandom,
  expectSame,
  type FarEnd,
  type OutboxUnderTest,
  outboxContract,
  transportContract,
} from './index.ts';

describe('fake clock', () => {
  test('stands still until it is told to move', async () => {
    const clock = createFakeClock(1_000);
    expect([clock.now(), clock.elapsed()]).toEqual([1_000, 0]);
    await clock.settle();
    expect([clock.now(), clock.elapsed()]).toEqual([1_000, 0]);
    await clock.advance(250);
    expect([clock.now(), clock.elapsed()]).toEqual([1_250, 250]);
  });

  test('runs each timer once, at its time, the soonest first', async () => {
    const clock = createFakeClock();
    const ran: unknown[] = [];
    for (const delayMs of [30, 10, 20, 10, 31]) clock.after(delayMs, () => ran.push([delayMs, clock.elapsed()]));
    expect(clock.timers).toBe(5);
    await clock.advance(30);
    expect(ran).toEqual([
      [10, 10],
      [10, 10],
      [20, 20],
      [30, 30],
    ]);
    expect(clock.timers).toBe(1);
    await clock.advance(30);
    expect(ran).toHaveLength(5);
  });

  test('runs timers that a timer, or a promise it settled, starts within the same time', async () => {
    const clock = createFakeClock();
    const ran: number[] = [];
    clock.after(10, () => {
      clock.after(10, () => ran.push(clock.elapsed()));
      void Promise.resolve().then(() => clock.after(5, () => ran.push(clock.elapsed())));
    });
    await clock.advance(20);
    expect(ran).toEqual([15, 20]);
  });

  test('takes a delay below zero for none', async () => {
    const clock = createFakeClock();
    await clock.advance(5);
    const ran: number[] = [];
    clock.after(-10, () => ran.push(clock.elapsed()));
    expect(ran).toEqual([]);
    await clock.advance(0);
    expect(ran).toEqual([5]);
  });

  test('runs no timer that was cancelled', async () => {
    const clock = createFakeClock();
    let runs = 0;
    const cancel = clock.after(10, () => runs++);
    clock.after(5, cancel);
    await clock.advance(100);
    expect([runs, clock.timers]).toEqual([0, 0]);
  });

  test('jumps by the wall clock alone, and no timer notices', async () => {
    const clock = createFakeClock(1_000);
    let runs = 0;
    clock.after(10, () => runs++);
    clock.jump(-500);
    await clock.settle();
    expect([clock.now(), clock.elapsed(), runs]).toEqual([500, 0, 0]);
  });

  test('lets promises settle', async () => {
    const clock = createFakeClock();
    let turns = 0;
    void (async () => {
      for (; turns < 100; turns++) await Promise.resolve();
    })();
    await clock.settle();
    expect(turns).toBe(100);
  });
});

describe('seeded random', () => {
  const numbers = (seed: number, count = 1_000): readonly number[] => {
    const random = createSeededRandom(seed);
    return Array.from({ length: count }, () => random());
  };

  test('repeats for the same seed, and for no other', () => {
    expect(numbers(1)).toEqual(numbers(1));
    expect(numbers(1)).not.toEqual(numbers(2));
  });

  test('repeats for good: a seed that was written down stays useful', () => {
    expect(numbers(1, 3)).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522]);
    expect(numbers(42, 3)).toEqual([0.6011037519201636, 0.44829055899754167, 0.8524657934904099]);
  });

  test('is in [0, 1) and spreads evenly', () => {
    const tenths = Array<number>(10).fill(0);
    for (const number of numbers(7, 10_000)) {
      expect(number).toBeGreaterThanOrEqual(0);
      expect(number).toBeLessThan(1);
      const tenth = Math.floor(number * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});

describe('scripted transport', () => {
  const options = { attempt: 2, exit: true, signal: new AbortController().signal };

  test('answers in turn, then settles', async () => {
    const transport = createScriptedTransport([{ kind: 'dead', reason: 'too-large' }, { kind: 'unconfirmed' }]);
    const outcomes: SendOutcome[] = [];
    for (let count = 0; count < 3; count++) outcomes.push(await transport.send([anEntry()], options));
    expect(outcomes).toEqual([{ kind: 'dead', reason: 'too-large' }, { kind: 'unconfirmed' }, { kind: 'delivered' }]);
  });

  test('answers by the batch', async () => {
    const transport = createScriptedTransport(({ ids }, index) => ({ kind: 'dead', reason: `${ids} ${index}` }));
    await transport.send([anEntry({ id: 'a' })], options);
    expect(await transport.send([anEntry({ id: 'b' }), anEntry({ id: 'c' })], options)).toEqual({
      kind: 'dead',
      reason: 'b,c 1',
    });
  });

  test('remembers what it was sent', async () => {
    const transport = createScriptedTransport();
    const entries = [anEntry({ id: 'a' }), anEntry({ id: 'b' })];
    await transport.send(entries, options);
    expect(transport.sent).toEqual([{ ids: ['a', 'b'], entries, options }]);
  });

  test('hangs until it is answered, the oldest first, and counts what is under way', async () => {
    const clock = createFakeClock();
    const transport = createScriptedTransport(() => 'hang');
    const answered: unknown[] = [];
    for (const id of ['a', 'b']) {
      void transport.send([anEntry({ id })], options).then((outcome) => answered.push([id, outcome.kind]));
    }
    await clock.settle();
    expect([transport.underWay, answered]).toEqual([2, []]);
    transport.answer({ kind: 'dead', reason: 'too-large' });
    await clock.settle();
    expect([transport.underWay, answered]).toEqual([1, [['a', 'dead']]]);
    transport.answer({ kind: 'delivered' });
    transport.answer({ kind: 'delivered' });
    await clock.settle();
    expect(answered).toHaveLength(2);
    expect([transport.underWay, transport.mostUnderWay]).toEqual([0, 2]);
    void transport.send([anEntry()], options);
    expect([transport.underWay, transport.mostUnderWay]).toEqual([1, 2]);
  });
});

describe('builders', () => {
  test('make valid events, each with its own id', () => {
    expect(parseEvent(anEvent())).toMatchObject({ ok: true });
    expect(parseEvent(aCollectedEvent())).toMatchObject({ ok: true });
    expect(anEvent().messageId).not.toBe(anEvent().messageId);
  });

  test('take what matters', () => {
    expect(anEvent({ userId: 'u1' })).toMatchObject({ userId: 'u1', anonymousId: 'anonymous-1' });
    expect(aCollectedEvent({ source: 'server', timestamp: '2026-02-02T00:00:00.000Z' })).toMatchObject({
      source: 'server',
      timestamp: '2026-02-02T00:00:00.000Z',
      originalTimestamp: '2026-02-02T00:00:00.000Z',
    });
  });

  test('make entries that carry the event they name', () => {
    const entry = anEntry({ id: 'a' });
    expect(JSON.parse(entry.value)).toMatchObject({ messageId: 'a' });
    expect(entry).toMatchObject({ id: 'a', bytes: entry.value.length });
    const { id, value } = anEntry();
    expect(JSON.parse(value)).toMatchObject({ messageId: id });
  });
});

test('expectSame tells what was expected and what came', () => {
  expect(() => expectSame('ids', ['a'], ['a', 'b'])).toThrow('ids: expected ["a","b"], got ["a"]');
  expect(() => expectSame('ids', { a: 1, b: undefined }, { a: 1 })).not.toThrow();
  expect(() => expectSame('ids', [{ a: 1, b: 2 }], [{ b: 2, a: 1 }])).not.toThrow();
  expect(() => expectSame('ids', [{ a: 1, b: 2 }], [{ b: 1, a: 2 }])).toThrow(
    'expected [{"a":2,"b":1}], got [{"a":1,"b":2}]',
  );
});

/** The rules that do not hold; one without an answer does not hold either. */
async function brokenRules(rules: readonly ContractCase[]): Promise<readonly string[]> {
  const clock = createFakeClock();
  const broken: string[] = [];
  for (const { rule, check } of rules) {
    let holds = false;
    void check().then(
      () => {
        holds = true;
      },
      () => undefined,
    );
    await clock.settle();
    if (!holds) broken.push(rule);
  }
  return broken;
}

describe('the contract of outboxes', () => {
  type Change = (outbox: Outbox) => Partial<Outbox>;

  /** Memory that a later visit finds again, changed in one thing. */
  function underTest(change: Change = () => ({})): OutboxUnderTest {
    let stored = new Map<string, ReturnType<typeof anEntry>>();
    const build = (maxEvents = 1_000): Outbox => {
      const memory = createMemoryOutbox({ maxEvents });
      const sound: Outbox = {
        ...memory,
        close() {},
        open(host) {
          memory.open(host);
          for (const entry of stored.values()) void memory.add(entry);
          if (stored.size > 0) host.onArrived(stored.size);
        },
        add(entry) {
          stored.set(entry.id, entry);
          void memory.add(entry);
          return Promise.resolve(true);
        },
        settle(id) {
          stored.delete(id);
        },
      };
      return { ...sound, ...change(sound) };
    };
    return {
      create() {
        stored = new Map();
        return build();
      },
      createBounded(maxEvents) {
        stored = new Map();
        return build(maxEvents);
      },
      reopen: () => build(),
    };
  }

  const all = { maxEvents: 1_000, maxBytes: 1_000_000 };
  const quiet: OutboxHost = { onDropped() {}, onArrived() {} };

  test('a sound one keeps every rule', async () => {
    expect(await brokenRules(outboxContract(underTest()))).toEqual([]);
  });

  test('only a durable one is asked what it finds again', () => {
    const { create, createBounded } = underTest();
    const rules = outboxContract(underTest()).map(({ rule }) => rule);
    const inMemory = outboxContract({ create, createBounded }).map(({ rule }) => rule);
    expect(rules.filter((rule) => !inMemory.includes(rule))).toEqual([
      'finds again what was not settled, leased or not, and only that',
      'each entry added is settled, given up, or found by the next visit, once',
    ]);
  });

  const broken: readonly { why: string; rule: string; change: Change }[] = [
    {
      why: 'gives the newest first',
      rule: 'gives the oldest first and leases what it gave',
      change: ({ pull }) => ({ pull: (limits) => [...pull(limits)].reverse() }),
    },
    {
      why: 'gives the same again',
      rule: 'gives the oldest first and leases what it gave',
      change: ({ pull, add }) => ({
        pull(limits) {
          const pulled = pull(limits);
          for (const entry of pulled) void add(entry);
          return pulled;
        },
      }),
    },
    {
      why: 'minds no bytes',
      rule: 'keeps a batch within maxBytes, but gives one entry at least',
      change: ({ pull }) => ({ pull: (limits) => pull({ ...limits, maxBytes: 1e9 }) }),
    },
    {
      why: 'gives nothing where nothing fits',
      rule: 'keeps a batch within maxBytes, but gives one entry at least',
      change: ({ pull }) => ({ pull: (limits) => (limits.maxBytes < 10 ? [] : pull(limits)) }),
    },
    {
      why: 'forgets what an entry is for',
      rule: 'returns entries as they were added',
      change: ({ pull }) => ({
        pull: (limits) => pull(limits).map((entry) => ({ ...entry, purpose: 'necessary' as const })),
      }),
    },
    {
      why: 'counts what waits only once it is stored',
      rule: 'knows at any moment how much waits',
      change: ({ add }) => ({ add: (entry) => Promise.resolve().then(() => add(entry) ?? true) }),
    },
    {
      why: 'does not know what waits until it is asked for it',
      rule: 'knows at any moment how much waits',
      change({ depth, pull }) {
        let isKnown = false;
        return {
          pull(limits) {
            isKnown = true;
            return pull(limits);
          },
          depth: () => (isKnown ? depth() : { waiting: 0, waitingBytes: 0 }),
        };
      },
    },
    {
      why: 'counts what is leased',
      rule: 'knows at any moment how much waits',
      change: ({ depth, pull }) => {
        let leased = 0;
        return {
          pull(limits) {
            const pulled = pull(limits);
            leased += pulled.length;
            return pulled;
          },
          depth: () => ({ ...depth(), waiting: depth().waiting + leased }),
        };
      },
    },
    {
      why: 'loses count of the bytes',
      rule: 'knows at any moment how much waits',
      change: ({ depth }) => ({ depth: () => ({ ...depth(), waitingBytes: 0 }) }),
    },
    {
      why: 'settles what waits for an id it never had',
      rule: 'settles what was leased, by id and in any order; what waits stays, and what is unknown or done changes nothing',
      change: ({ pull, settle }) => ({
        settle(id, verdict) {
          if (id === 'nobody') pull({ ...all, maxEvents: 1 });
          return settle(id, verdict);
        },
      }),
    },
    {
      why: 'gives again what was settled',
      rule: 'settles what was leased, by id and in any order; what waits stays, and what is unknown or done changes nothing',
      change({ pull, release, settle }) {
        const given = new Map<string, Entry>();
        return {
          pull(limits) {
            const pulled = pull(limits);
            for (const entry of pulled) given.set(entry.id, entry);
            return pulled;
          },
          settle(id, verdict) {
            const entry = given.get(id);
            if (entry && given.delete(id)) release([entry]);
            return settle(id, verdict);
          },
        };
      },
    },
    {
      why: 'settles by place',
      rule: 'each entry added is settled, given up, or found by the next visit, once',
      change: ({ pull, settle }) => {
        const leased: string[] = [];
        return {
          pull(limits) {
            const pulled = pull(limits);
            leased.push(...pulled.map(({ id }) => id));
            return pulled;
          },
          settle: (_, verdict) => settle(leased.shift() ?? '', verdict),
        };
      },
    },
    {
      why: 'keeps on the disk what it gave up',
      rule: 'each entry added is settled, given up, or found by the next visit, once',
      change: ({ settle }) => ({
        settle(id, verdict) {
          if (verdict.kind !== 'dropped') void settle(id, verdict);
        },
      }),
    },
    {
      why: 'loses what comes while it is full',
      rule: 'loses nothing without a word: each entry added is given out or given up, once',
      change: ({ add, depth }) => ({
        add: (entry) => (depth().waiting < 3 ? add(entry) : Promise.resolve(true)),
      }),
    },
    {
      why: 'gives up more than it says',
      rule: 'loses nothing without a word: each entry added is given out or given up, once',
      change: ({ open, pull }) => ({
        open: (host) =>
          open({
            ...host,
            onDropped(id, reason) {
              host.onDropped(id, reason);
              pull({ ...all, maxEvents: 1 });
            },
          }),
      }),
    },
    {
      why: 'gives out what it said it gave up',
      rule: 'loses nothing without a word: each entry added is given out or given up, once',
      change: ({ open, pull }) => {
        const givenUp: Entry[] = [];
        return {
          open: (host) =>
            open({
              ...host,
              onDropped(id, reason) {
                host.onDropped(id, reason);
                givenUp.push(anEntry({ id }));
              },
            }),
          pull: (limits) => [...pull(limits), ...givenUp.splice(0)],
        };
      },
    },
    {
      why: 'forgets what is released',
      rule: 'takes back what is released: it is the oldest again',
      change: () => ({ release() {} }),
    },
    {
      why: 'loses count of what is released',
      rule: 'takes back what is released: it is the oldest again',
      change({ depth, release, pull }) {
        let isReleased = false;
        return {
          release(entries) {
            isReleased = true;
            release(entries);
          },
          pull(limits) {
            isReleased = false;
            return pull(limits);
          },
          depth: () => ({ ...depth(), ...(isReleased ? { waitingBytes: 0 } : {}) }),
        };
      },
    },
    {
      why: 'puts what is released behind the others',
      rule: 'takes back what is released: it is the oldest again',
      change: ({ add }) => ({
        release(entries) {
          for (const entry of entries) void add(entry);
        },
      }),
    },
    {
      why: 'knows no bound',
      rule: 'when full drops the oldest that wait, says so, and never what is leased',
      change: () => createMemoryOutbox(),
    },
    {
      why: 'drops without a word',
      rule: 'when full drops the oldest that wait, says so, and never what is leased',
      change: ({ open }) => ({ open: (host) => open({ ...host, onDropped() {} }) }),
    },
    {
      why: 'drops the newest',
      rule: 'when full drops the oldest that wait, says so, and never what is leased',
      change({ open, add, depth }) {
        let host = quiet;
        return {
          open(newHost) {
            host = newHost;
            open(newHost);
          },
          add: (entry) => (depth().waiting < 2 ? add(entry) : host.onDropped(entry.id, 'outbox-full')),
        };
      },
    },
    {
      why: 'drops what is leased',
      rule: 'when full drops the oldest that wait, says so, and never what is leased',
      change({ open, add, pull }) {
        let host = quiet;
        let leased: readonly string[] = [];
        return {
          open(newHost) {
            host = newHost;
            open(newHost);
          },
          pull(limits) {
            const pulled = pull(limits);
            leased = pulled.map(({ id }) => id);
            return pulled;
          },
          add(entry) {
            for (const id of leased) host.onDropped(id, 'outbox-full');
            return add(entry);
          },
        };
      },
    },
    {
      why: 'says it stored what it did not',
      rule: 'finds again what was not settled, leased or not, and only that',
      change: () => createMemoryOutbox(),
    },
    {
      why: 'cannot say that it stored',
      rule: 'finds again what was not settled, leased or not, and only that',
      change: ({ add }) => ({
        async add(entry) {
          await add(entry);
          return false;
        },
      }),
    },
    {
      why: 'finds again what was settled',
      rule: 'finds again what was not settled, leased or not, and only that',
      change: () => ({ settle() {} }),
    },
    {
      why: 'does not find what was leased',
      rule: 'finds again what was not settled, leased or not, and only that',
      change: ({ pull, settle }) => ({
        pull(limits) {
          const pulled = pull(limits);
          for (const { id } of pulled) void settle(id, { kind: 'delivered' });
          return pulled;
        },
      }),
    },
    {
      why: 'finds what is there in another order',
      rule: 'finds again what was not settled, leased or not, and only that',
      change: ({ pull }) => ({
        pull: (limits) => [...pull(limits)].sort((a, b) => (a.id < b.id ? 1 : -1)),
      }),
    },
    {
      why: 'does not say what it found',
      rule: 'finds again what was not settled, leased or not, and only that',
      change: ({ open }) => ({ open: (host) => open({ ...host, onArrived() {} }) }),
    },
  ];

  test.each(broken)('one that $why breaks "$rule"', async ({ rule, change }) => {
    expect(await brokenRules(outboxContract(underTest(change)))).toContain(rule);
  });

  test('every rule of the contract can be broken', () => {
    const rules = outboxContract(underTest()).map(({ rule }) => rule);
    expect([...new Set(broken.map(({ rule }) => rule))].sort()).toEqual([...rules].sort());
  });
});

describe('the contract of transports', () => {
  /** A transport as it should be, on a far end without a network. */
  const sound = (farEnd: FarEnd, onReceived: (body: string) => void): Transport => ({
    send(entries, { signal }) {
      onReceived(envelopeBody(entries, 0));
      return new Promise((resolve) => {
        const fail = (): void => resolve({ kind: 'retry', reason: 'network' });
        signal.addEventListener('abort', fail);
        if (farEnd === 'reset') fail();
        else if (farEnd !== 'hang') {
          const { status, headers, body = '' } = farEnd;
          resolve(outcomeOfResponse(status, headers?.['retry-after'] ?? '', body, 0));
        }
      });
    },
  });

  type Change = (transport: Transport, farEnd: FarEnd) => Transport;

  const contractOf = (change: Change, body: (text: string) => string = (text) => text): readonly ContractCase[] =>
    transportContract({
      async create(farEnd) {
        let received = 'null';
        const transport = change(
          sound(farEnd, (text) => {
            received = body(text);
          }),
          farEnd,
        );
        return { transport, received: () => JSON.parse(received), close: async () => {} };
      },
    });

  const unchanged: Change = (transport) => transport;

  /** Answers otherwise where the far end said this. */
  const instead =
    (status: number | 'reset', outcome: SendOutcome): Change =>
    (transport, farEnd) =>
      farEnd === status || (typeof farEnd === 'object' && farEnd.status === status)
        ? { send: () => Promise.resolve(outcome) }
        : transport;

  test('a sound one keeps every rule', async () => {
    expect(await brokenRules(contractOf(unchanged))).toEqual([]);
  });

  const broken: readonly { why: string; rule: string; change?: Change; body?: (text: string) => string }[] = [
    {
      why: 'never has an answer',
      rule: 'a collector that says success has it',
      change: instead(200, { kind: 'unconfirmed' }),
    },
    {
      why: 'believes any 200',
      rule: 'a 200 that is not from a collector is no acknowledgement',
      change: instead(200, { kind: 'delivered' }),
    },
    {
      why: 'gives up what is too large',
      rule: '413 asks for less',
      change: instead(413, { kind: 'dead', reason: 'http-413' }),
    },
    {
      why: 'comes back with what was malformed',
      rule: '400 is final',
      change: instead(400, { kind: 'retry', reason: 'server' }),
    },
    {
      why: 'comes back with a wrong key',
      rule: '401 is final',
      change: instead(401, { kind: 'retry', reason: 'config' }),
    },
    {
      why: 'does not read how long to wait',
      rule: '429 names its time',
      change: instead(429, { kind: 'retry', reason: 'throttled', retryAfterMs: 0 }),
    },
    {
      why: 'gives up what is throttled',
      rule: '429 names its time',
      change: instead(429, { kind: 'dead', reason: 'http-429' }),
    },
    {
      why: 'gives up a server in trouble',
      rule: '503 may pass',
      change: instead(503, { kind: 'dead', reason: 'http-503' }),
    },
    {
      why: 'gives up where the connection breaks',
      rule: 'a broken connection may pass',
      change: instead('reset', { kind: 'dead', reason: 'network' }),
    },
    {
      why: 'sends one event of two',
      rule: 'sends an envelope with every event and the time of this attempt',
      change: (transport) => ({ send: (entries, options) => transport.send(entries.slice(0, 1), options) }),
    },
    {
      why: 'sends no envelope',
      rule: 'sends an envelope with every event and the time of this attempt',
      body: (text) => JSON.stringify(JSON.parse(text).batch),
    },
    {
      why: 'does not say when it sent',
      rule: 'sends an envelope with every event and the time of this attempt',
      body: (text) => JSON.stringify({ batch: JSON.parse(text).batch }),
    },
    {
      why: 'waits on after an abort',
      rule: 'an abort ends the wait',
      change: (transport) => ({
        send: (entries, options) => transport.send(entries, { ...options, signal: new AbortController().signal }),
      }),
    },
    {
      why: 'takes an abort for a refusal',
      rule: 'an abort ends the wait',
      change: (transport) => ({
        async send(entries, options) {
          const outcome = await transport.send(entries, options);
          return options.signal.aborted ? { kind: 'dead', reason: 'aborted' } : outcome;
        },
      }),
    },
  ];

  test.each(broken)('one that $why breaks "$rule"', async ({ rule, change = unchanged, body }) => {
    expect(await brokenRules(contractOf(change, body))).toContain(rule);
  });

  test('every rule of the contract can be broken', () => {
    const rules = contractOf(unchanged).map(({ rule }) => rule);
    expect([...new Set(broken.map(({ rule }) => rule))].sort()).toEqual([...rules].sort());
  });
});
