import { deepStrictEqual, rejects } from 'node:assert/strict';
import type { JsonObject } from '@org/track-core';
import { type AcceptedBatch, type BatchFacts, type Log, LogUnavailableError, type PersonIds } from './log.ts';
import { aBatch, aConsumer, deliver, type LogUnderTest, pullIds } from './log-contract.ts';

interface ContractCase {
  readonly rule: string;
  readonly check: () => Promise<void>;
}

function expectSame(what: string, actual: unknown, expected: unknown): void {
  deepStrictEqual({ [what]: actual }, { [what]: expected });
}

const now = Date.now();

function facts(receivedAt = now): BatchFacts {
  return { receivedAt, source: 'server' };
}

/** A batch of events about these people. */
function batchOf(events: Readonly<Record<string, PersonIds & { previousId?: string }>>): AcceptedBatch {
  const batch = Object.entries(events).map(([messageId, ids]) => ({
    type: 'track',
    event: 'e',
    messageId,
    ...ids,
    timestamp: new Date(now).toISOString(),
    properties: {} as JsonObject,
  }));
  return { facts: facts(), ids: Object.keys(events), body: JSON.stringify({ batch }) };
}

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const idOf = ({ event }: { readonly event: unknown }): unknown => (event as { messageId?: unknown } | null)?.messageId;

const issues = [{ path: 'event', code: 'missing' }];

async function withDead(log: Log, ids: readonly string[]): Promise<ReturnType<typeof aConsumer>> {
  const consumer = aConsumer(log);
  await pullIds(consumer.outbox);
  await Promise.all(ids.map((id) => consumer.outbox.settle(id, { kind: 'dead', reason: `no-${id}` })));
  return consumer;
}

/** What people can do with what every log holds. */
export function logRecordsContract({ create, reopen }: LogUnderTest): readonly ContractCase[] {
  const cases: ContractCase[] = [
    {
      rule: 'lists quarantined events newest first, page by page, with what was known of their batch',
      async check() {
        const log = create();
        const bad = (messageId: string) => ({ messageId, issues, event: `{"messageId":"${messageId}"}` });
        await log.append(aBatch([], { facts: facts(), quarantined: [bad('x'), bad('y'), bad('z')] }));
        const [z, y] = log.records.quarantined({ limit: 2 });
        expectSame('newest', [z?.messageId, y?.messageId, z?.facts], ['z', 'y', facts()]);
        const rest = log.records.quarantined({ limit: 2, before: y?.id ?? 0 });
        expectSame(
          'older',
          rest.map(({ messageId }) => messageId),
          ['x'],
        );
        expectSame('one', log.records.quarantinedById(y?.id ?? 0), y);
        expectSame('removed', await log.records.removeQuarantined(y?.id ?? 0), true);
        expectSame('again', await log.records.removeQuarantined(y?.id ?? 0), false);
        expectSame('left', log.stats().quarantined, 2);
        await log.close();
      },
    },
    {
      rule: 'lists dead letters newest first, by destination, with the event as it stands in the log',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2']));
        await withDead(log, ['1', '2']);
        const [two, one] = log.records.deadLetters({ limit: 9 });
        expectSame('letters', [two?.messageId, two?.reason, one?.messageId], ['2', 'no-2', '1']);
        expectSame('older', log.records.deadLetters({ limit: 9, before: two?.id ?? 0 }), [one]);
        expectSame('of another', log.records.deadLetters({ limit: 9, consumer: 'b' }), []);
        expectSame('stored', one && idOf({ event: log.records.storedEvent(one) }), '1');
        expectSame('removed', await log.records.removeDeadLetter(one?.id ?? 0), true);
        expectSame('left', log.stats().deadLetters, 1);
        await log.close();
      },
    },
    {
      rule: 'delivers a dead letter again, to its destination alone, as it was or put right',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2', '3']));
        const other = aConsumer(log, 'b');
        await deliver(other.outbox, await pullIds(other.outbox));
        const { outbox, arrived } = await withDead(log, ['1', '3']);
        await deliver(outbox, ['2']);
        const [three, one] = log.records.deadLetters({ limit: 9 });
        const event = { ...(log.records.storedEvent(one as never) as object), properties: { right: true } };
        await rejects(log.records.revive(one?.id ?? 0, { ...event, messageId: 'other' }), TypeError);
        expectSame('revived', await log.records.revive(one?.id ?? 0, event), 'revived');
        expectSame('as it was', await log.records.revive(three?.id ?? 0), 'revived');
        expectSame('unknown', await log.records.revive(three?.id ?? 0), 'unknown');
        expectSame('depth', [outbox.depth().waiting, arrived()], [2, 5]);
        const again = await outbox.pull({ maxEvents: 9, maxBytes: 1e6 });
        expectSame(
          'again',
          again.map(({ id, value }) => [id, value.type === 'track' && value.properties]),
          [
            ['1', { right: true }],
            ['3', {}],
          ],
        );
        await deliver(outbox, ['1', '3']);
        expectSame('nothing else', [await pullIds(outbox), await pullIds(other.outbox)], [[], []]);
        expectSame('letters', log.stats().deadLetters, 0);
        await log.close();
      },
    },
    {
      rule: 'delivers a dead letter again while its batch is still on its way',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2', '3']));
        const { outbox } = aConsumer(log);
        await pullIds(outbox, 2);
        await outbox.settle('1', { kind: 'dead', reason: 'no' });
        await log.records.revive(log.records.deadLetters({ limit: 1 })[0]?.id ?? 0);
        expectSame('pulled', await pullIds(outbox), ['1', '3']);
        await deliver(outbox, ['1', '2', '3']);
        expectSame('rest', [await pullIds(outbox), outbox.depth()], [[], { waiting: 0, waitingBytes: 0 }]);
        await log.close();
      },
    },
    {
      rule: 'replays a range to one destination, by position and by time; what waits anyway is not counted',
      async check() {
        const log = create();
        const [early, late] = [now - 2_000, now - 1_000];
        const { outbox } = aConsumer(log);
        await log.append(aBatch(['1', '2'], { facts: facts(early) }));
        await log.append(aBatch(['3'], { facts: facts(late) }));
        await log.append(aBatch(['4'], { facts: facts() }));
        await deliver(outbox, (await pullIds(outbox, 3)).slice(0, 3));
        expectSame('by position', await log.records.replay('a', { fromSeq: 2, toSeq: 3 }), 1);
        expectSame('pulled', await pullIds(outbox), ['4', '3']);
        await deliver(outbox, ['4', '3']);
        expectSame('by time', await log.records.replay('a', { toMs: early }), 2);
        expectSame('twice at once', await log.records.replay('a', { toMs: early }), 0);
        const again = await pullIds(outbox);
        expectSame('in order', again, ['1', '2']);
        void deliver(outbox, again); // not on disk yet
        expectSame('all', await log.records.replay('a', {}), 4);
        await rejects(log.records.replay('nobody', {}), TypeError);
        await log.close();
      },
    },
    {
      rule: 'replays to a destination that is not open now: it gets that when it is',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2']));
        const first = aConsumer(log);
        await deliver(first.outbox, await pullIds(first.outbox));
        await first.outbox.close();
        expectSame('replayed', await log.records.replay('a', {}), 2);
        expectSame('pulled', await pullIds(aConsumer(log).outbox), ['1', '2']);
        await log.close();
      },
    },
    {
      rule: 'reads events by range, and the newest, as destinations get them',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2'], { facts: facts(now - 1_000) }));
        await log.append(aBatch(['3'], { facts: facts() }));
        const read = async (range: object) => (await collect(log.records.events(range))).map(idOf);
        expectSame('all', await read({}), ['1', '2', '3']);
        expectSame('late', await read({ fromMs: now }), ['3']);
        expectSame('first', await read({ toSeq: 1 }), ['1', '2']);
        expectSame('measured', await log.records.measure({}), { fromSeq: 1, toSeq: 2, events: 3 });
        expectSame('nothing', await log.records.measure({ fromSeq: 3 }), undefined);
        const newest = await log.records.newest(2);
        expectSame(
          'newest',
          newest.map(({ seq, event }) => [seq, event.messageId, event.source]),
          [
            [1, '2', 'server'],
            [2, '3', 'server'],
          ],
        );
        await log.close();
      },
    },
    {
      rule: 'finds all there is about a person, and of a shared device only what is surely theirs',
      async check() {
        const log = create();
        await log.append(
          batchOf({
            own: { userId: 'u1', anonymousId: 'phone' },
            before: { anonymousId: 'phone' },
            shared: { userId: 'u1', anonymousId: 'kiosk' },
            someone: { anonymousId: 'kiosk' },
            other: { userId: 'u2', anonymousId: 'kiosk' },
            alias: { userId: 'u3', previousId: 'u1' },
          }),
        );
        const event = '{"messageId":"bad","userId":"u1"}';
        await log.append(aBatch([], { quarantined: [{ messageId: 'bad', issues, event }] }));
        await withDead(log, ['before', 'other']);
        const found = await collect(log.records.about({ userId: 'u1' }));
        expectSame(
          'about',
          found.map((record) => [record.store, idOf(record)]),
          [
            ['log', 'own'],
            ['log', 'before'],
            ['log', 'shared'],
            ['log', 'alias'],
            ['quarantine', 'bad'],
            ['dead-letters', 'before'],
          ],
        );
        await log.close();
      },
    },
    {
      rule: 'erases a person from log, quarantine and dead letters, keeps nothing new of them, and harms nobody else',
      async check() {
        const log = create();
        await log.append(
          batchOf({
            own: { userId: 'u1', anonymousId: 'phone' },
            other: { userId: 'u2' },
            before: { anonymousId: 'phone' },
          }),
        );
        const bad = (messageId: string, event: string) => ({ messageId, issues, event });
        const cut = '{"messageId":"cut","userId":"u1","properties":{"text":"xx';
        await log.append(
          aBatch(['kept'], {
            quarantined: [bad('bad', '{"userId":"u1"}'), bad('cut', cut), bad('good', '{"userId":"u2"}')],
          }),
        );
        const { outbox, lost } = aConsumer(log);
        await pullIds(outbox, 1);
        await outbox.settle('own', { kind: 'dead', reason: 'no' });
        expectSame('erased', await log.records.erase({ userId: 'u1' }), {
          events: 2,
          quarantined: 2,
          deadLetters: 1,
          anonymousIds: ['phone'],
        });
        expectSame('left', (await collect(log.records.events({}))).map(idOf), ['other', 'kept']);
        expectSame(
          'quarantine',
          log.records.quarantined({ limit: 9 }).map(({ messageId }) => messageId),
          ['good'],
        );
        expectSame('stats', log.stats().deadLetters + log.stats().quarantined, 1);
        expectSame('delivered', await pullIds(outbox), ['other', 'kept']);
        expectSame('books', lost, [': erased']);
        expectSame(
          'suppressed',
          [{ userId: 'u1' }, { anonymousId: 'phone' }, { userId: 'u2' }].map(log.suppression.has),
          [true, true, false],
        );
        expectSame('known ids', await log.append(batchOf({ other: { userId: 'u2' } })), { duplicates: ['other'] });
        expectSame('nobody', (await log.records.erase({ userId: 'u9' })).events, 0);
        await rejects(log.records.erase({}), TypeError);
        await log.close();
      },
    },
    {
      rule: 'forgets a reader that is none any more, so that it holds nothing back, and none that is open',
      async check() {
        let time = now;
        const log = create({ retentionMs: 1_000, now: () => time });
        await log.append(aBatch(['1'], { facts: facts() }));
        const gone = aConsumer(log, 'gone');
        const { outbox } = aConsumer(log);
        await deliver(outbox, await pullIds(outbox));
        await rejects(log.records.forgetConsumer('gone'), TypeError);
        await gone.outbox.close();
        const later = async (id: string): Promise<number> => {
          time += 100_000;
          await log.append(aBatch([id], { facts: facts(time) }));
          await deliver(outbox, await pullIds(outbox));
          return log.stats().batches;
        };
        expectSame('held back', await later('2'), 2);
        expectSame('names', log.records.consumers(), ['a', 'gone']);
        expectSame('forgotten', await log.records.forgetConsumer('gone'), true);
        expectSame('again', await log.records.forgetConsumer('gone'), false);
        expectSame('let go', await later('3'), 1);
        expectSame('sound', log.records.damage(), []);
        await log.close();
      },
    },
    {
      rule: 'refuses all of it once closed',
      async check() {
        const log = create();
        await log.close();
        await rejects(log.records.removeQuarantined(1), LogUnavailableError);
        await rejects(log.records.replay('a', {}), LogUnavailableError);
        await rejects(log.records.erase({ userId: 'u1' }), LogUnavailableError);
        await rejects(collect(log.records.events({})), LogUnavailableError);
        expectSame('lists', [log.records.quarantined({ limit: 1 }), log.records.deadLetters({ limit: 1 })], [[], []]);
      },
    },
  ];
  if (reopen === undefined) return cases;
  return [
    ...cases,
    {
      rule: 'opened again, it hands out what was to be delivered once more, and only that',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2']));
        await log.append(aBatch(['3', '4']));
        await log.append(aBatch(['5']));
        const { outbox } = await withDead(log, ['2']);
        await deliver(outbox, ['1', '3', '4', '5']);
        await log.records.revive(log.records.deadLetters({ limit: 1 })[0]?.id ?? 0);
        await log.records.replay('a', { fromSeq: 2, toSeq: 2 });
        await log.close();
        const later = reopen();
        expectSame('again', await pullIds(aConsumer(later).outbox), ['2', '3', '4']);
        await later.close();
      },
    },
  ];
}
