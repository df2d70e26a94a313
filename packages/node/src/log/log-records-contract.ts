import { rejects } from 'node:assert/strict';
import { expectSame } from '../testing/expect-same.ts';
import type { BatchFacts } from './accepted-batch.ts';
import {
  aBatch,
  aConsumer,
  type ContractCase,
  collect,
  deliver,
  idOf,
  issues,
  type LogUnderTest,
  pullIds,
  withDead,
} from './contract-scene.ts';
import { LogUnavailableError } from './log.ts';

const now = Date.now();

function factsAt(receivedAt = now): BatchFacts {
  return { receivedAt, source: 'server' };
}

/** What people can do with what every log holds. */
export function logRecordsContract({ create, reopen }: LogUnderTest): readonly ContractCase[] {
  const cases: ContractCase[] = [
    {
      rule: 'lists quarantined events newest first, page by page, with what was known of their batch',
      async check() {
        const log = create();
        const bad = (messageId: string) => ({ messageId, issues, event: `{"messageId":"${messageId}"}` });
        await log.append(aBatch([], { facts: factsAt(), quarantined: [bad('x'), bad('y'), bad('z')] }));
        const [z, y] = log.records.quarantined({ limit: 2 });
        expectSame('newest', [z?.messageId, y?.messageId, z?.facts], ['z', 'y', factsAt()]);
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
        await log.append(aBatch(['1', '2'], { facts: factsAt(early) }));
        await log.append(aBatch(['3'], { facts: factsAt(late) }));
        await log.append(aBatch(['4'], { facts: factsAt() }));
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
        await log.append(aBatch(['1', '2'], { facts: factsAt(now - 1_000) }));
        await log.append(aBatch(['3'], { facts: factsAt() }));
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
      rule: 'forgets a reader that is none any more, so that it holds nothing back, and none that is open',
      async check() {
        let time = now;
        const log = create({ retentionMs: 1_000, now: () => time });
        await log.append(aBatch(['1'], { facts: factsAt() }));
        const gone = aConsumer(log, 'gone');
        const { outbox } = aConsumer(log);
        await deliver(outbox, await pullIds(outbox));
        await rejects(log.records.forgetConsumer('gone'), TypeError);
        await gone.outbox.close();
        const later = async (id: string): Promise<number> => {
          time += 100_000;
          await log.append(aBatch([id], { facts: factsAt(time) }));
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
      rule: 'opened again, what was leaving and was not given up yet does not wait twice when it is replayed',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2', '3']));
        const { outbox } = aConsumer(log);
        await pullIds(outbox);
        await outbox.begin(['2']);
        await log.close();

        const opened = reopen();
        const again = aConsumer(opened);
        expectSame('first', await pullIds(again.outbox, 1), ['1']);
        expectSame('replayed', await opened.records.replay('a', {}), 0);
        expectSame('rest', await pullIds(again.outbox), ['3']);
        expectSame('given up', again.lost, ['2: unconfirmed']);
        expectSame('waiting', again.outbox.depth(), { waiting: 0, waitingBytes: 0 });
        await opened.close();
      },
    },
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
