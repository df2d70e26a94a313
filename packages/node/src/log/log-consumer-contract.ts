import { expectSame } from '../testing/expect-same.ts';
import type { BatchFacts } from './accepted-batch.ts';
import {
  aBatch,
  aConsumer,
  all,
  type ContractCase,
  deliver,
  facts,
  idsOf,
  type LogUnderTest,
  pullIds,
  purposeOf,
} from './contract-scene.ts';

/** What every log must do for those who read it. */
export function logConsumerContract({ create, reopen }: LogUnderTest): readonly ContractCase[] {
  const cases: ContractCase[] = [
    {
      rule: 'gives every consumer all events, in order, across batches',
      async check() {
        const log = create();
        await Promise.all([log.append(aBatch(['1', '2', '3'])), log.append(aBatch(['4', '5']))]);
        for (const name of ['a', 'b']) {
          const { outbox } = aConsumer(log, name);
          expectSame('first', await pullIds(outbox, 4), ['1', '2', '3', '4']);
          expectSame('rest', await pullIds(outbox), ['5']);
          expectSame('end', await pullIds(outbox), []);
        }
        await log.close();
      },
    },
    {
      rule: 'tells a consumer what waits at its opening, and what comes later',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2']));
        const { arrived } = aConsumer(log);
        expectSame('at opening', arrived(), 2);
        await log.append(aBatch(['2', '3', '4']));
        expectSame('later', arrived(), 4);
        await log.close();
      },
    },
    {
      rule: 'knows at any moment how much waits',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2', '3']));
        const { outbox } = aConsumer(log);
        const bytes = outbox.depth().waitingBytes / 3;
        await log.append(aBatch(['4', '5', '6']));
        expectSame('appended', outbox.depth(), { waiting: 6, waitingBytes: bytes * 6 });
        await pullIds(outbox, 4);
        expectSame('pulled', outbox.depth(), { waiting: 2, waitingBytes: bytes * 2 });
        void deliver(outbox, ['2', '4', 'nobody']);
        expectSame('settled', outbox.depth(), { waiting: 2, waitingBytes: bytes * 2 });
        await log.close();
      },
    },
    {
      rule: 'takes back what is released: it is the oldest again, and settled once',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2', '3', '4']));
        const { outbox } = aConsumer(log);
        const bytes = outbox.depth().waitingBytes / 4;
        const pulled = await outbox.pull({ ...all, maxEvents: 3 });
        outbox.release(pulled.slice(1));
        expectSame('released', outbox.depth(), { waiting: 3, waitingBytes: bytes * 3 });
        expectSame('one', await pullIds(outbox, 1), ['2']);
        expectSame('the rest', await pullIds(outbox, 9), ['3', '4']);
        await deliver(outbox, ['1', '2', '3', '4']);
        expectSame('settled', outbox.depth(), { waiting: 0, waitingBytes: 0 });
        await log.close();
      },
    },
    {
      rule: 'keeps a pull within maxBytes, but gives one event at least',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2', '3', '4']));
        const { outbox } = aConsumer(log);
        const bytes = outbox.depth().waitingBytes / 4;
        expectSame('two fit', (await outbox.pull({ ...all, maxBytes: bytes * 2 })).length, 2);
        expectSame('none fits', (await outbox.pull({ ...all, maxBytes: 1 })).length, 1);
        await log.close();
      },
    },
    {
      rule: 'keeps dead events as dead letters',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2']));
        const { outbox } = aConsumer(log);
        await pullIds(outbox);
        await outbox.settle('1', { kind: 'dead', reason: 'refused' });
        expectSame('dead letters', log.stats().deadLetters, 1);
        await log.close();
      },
    },
    {
      rule: 'gives a consumer what the log held before it came behind all that is new, also in the middle of a batch',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2', '3']));
        await log.append(aBatch(['4']));
        const { outbox, arrived } = aConsumer(log);
        expectSame('arrived', arrived(), 4);
        expectSame('first', await pullIds(outbox, 1), ['1']);
        await log.append(aBatch(['new-1', 'new-2']));
        expectSame('in the middle', await pullIds(outbox, 3), ['new-1', 'new-2', '2']);
        await log.append(aBatch(['new-3']));
        expectSame('new alone', idsOf(outbox.pull({ ...all, isNewOnly: true })), ['new-3']);
        expectSame('no more of it', idsOf(outbox.pull({ ...all, isNewOnly: true })), []);
        expectSame('which is old', [outbox.isOld('2'), outbox.isOld('new-3')], [true, false]);
        expectSame('rest', await pullIds(outbox), ['3', '4']);
        await deliver(outbox, ['1', 'new-1', 'new-2', '2', 'new-3', '3', '4']);
        expectSame('nothing left', outbox.depth(), { waiting: 0, waitingBytes: 0 });
        expectSame('and retention may have it', log.progress('a'), { cursor: 4 });
        await log.close();
      },
    },
    {
      rule: 'tells how far a consumer is, and since when something waits for it',
      async check() {
        const log = create();
        const [early, late] = [facts.receivedAt - 2_000, facts.receivedAt - 1_000];
        const at = (receivedAt: number): BatchFacts => ({ ...facts, receivedAt });
        expectSame('nobody', log.progress('a'), undefined);
        await log.append(aBatch(['0'], { facts: at(early - 1_000) }));
        const { outbox } = aConsumer(log);
        expectSame('new', log.progress('a'), { cursor: 1, oldestReceivedAt: early - 1_000 });
        await log.append(aBatch(['1', '2'], { facts: at(early) }));
        await log.append(aBatch(['3'], { facts: at(late) }));
        await pullIds(outbox);
        await deliver(outbox, ['1', '2', '3']);
        expectSame('what was there before is left', log.progress('a'), { cursor: 3, oldestReceivedAt: early - 1_000 });
        await deliver(outbox, ['0']);
        expectSame('done', log.progress('a'), { cursor: 3 });
        await log.append(aBatch(['4', '5'], { facts: at(late) }));
        await pullIds(outbox);
        await deliver(outbox, ['5']);
        expectSame('one left behind', log.progress('a'), { cursor: 4, oldestReceivedAt: late });
        await log.close();
      },
    },
    {
      rule: 'refuses a second reader of one name, and an append once closed',
      async check() {
        const log = create();
        aConsumer(log);
        let refusal = '';
        try {
          aConsumer(log);
        } catch (error) {
          refusal = String(error);
        }
        expectSame('second reader refused', refusal.includes('"a"'), true);
        await log.close();
        const outcome = await log.append(aBatch(['1'])).catch((error: Error) => error.name);
        expectSame('append', outcome, 'LogUnavailableError');
      },
    },
  ];
  if (reopen === undefined) return cases;
  return [
    ...cases,
    {
      rule: 'opened again, what was there before a consumer is still behind what is new, each event once',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2', '3']));
        await log.append(aBatch(['4', '5']));
        await log.append(aBatch(['6']));
        const { outbox } = aConsumer(log);
        await pullIds(outbox, 4);
        await log.append(aBatch(['new-1', 'new-2']));
        await pullIds(outbox, 1);
        await deliver(outbox, ['2', '4', 'new-1']);
        await log.close();

        const later = reopen();
        const again = aConsumer(later);
        expectSame('waiting', [again.arrived(), again.outbox.depth().waiting], [5, 5]);
        await later.append(aBatch(['new-3']));
        expectSame('left', await pullIds(again.outbox), ['new-2', 'new-3', '1', '3', '5', '6']);
        await deliver(again.outbox, ['6', '1', 'new-3', 'new-2']);
        await later.close();

        const last = reopen();
        expectSame('last', await pullIds(aConsumer(last).outbox), ['3', '5']);
        await last.close();
      },
    },
    {
      rule: 'opened again, it knows its ids and hands out what was not settled, and only that',
      async check() {
        const log = create();
        const { outbox } = aConsumer(log);
        await log.append(aBatch(['1', '2', '3']));
        await log.append(aBatch(['4', '5', '6']));
        await log.append(aBatch(['7', '8', '9']));
        await pullIds(outbox, 8);
        // A later batch is done, an earlier one is half done, one is not touched.
        await deliver(outbox, ['4', '5', '6']);
        await deliver(outbox, ['2', '7']);
        await log.close();

        const later = reopen();
        const again = aConsumer(later);
        expectSame('arrived', again.arrived(), 4);
        expectSame('waiting', again.outbox.depth().waiting, 4);
        expectSame('duplicates', await later.append(aBatch(['9', '10'])), { duplicates: ['9'] });
        expectSame('left', await pullIds(again.outbox), ['1', '3', '8', '9', '10']);
        await deliver(again.outbox, ['1', '3', '9', '10']);
        await later.close();

        const last = reopen();
        expectSame('last', await pullIds(aConsumer(last).outbox), ['8']);
        await last.close();
      },
    },
    {
      rule: 'opened again, it gives up what was leaving and must not leave twice, and nothing else',
      async check() {
        const log = create();
        await log.append(aBatch(['1', '2', '3', '4', '5']));
        const outbox = log.consumer('a', { purposeOf });
        outbox.open({ onArrived: () => {}, onDropped: () => {} });
        await pullIds(outbox, 4);
        expectSame('begun', await outbox.begin(['1', '2', '3']), true);
        await outbox.settle('1', { kind: 'delivered' });
        outbox.withdraw(['2']);
        await log.close();

        const later = reopen();
        const again = aConsumer(later);
        expectSame('arrived', again.arrived(), 4);
        expectSame('waits', await pullIds(again.outbox), ['2', '4', '5']);
        expectSame('given up', again.lost, ['3: unconfirmed']);
        expectSame('depth', again.outbox.depth().waiting, 0);
        await later.close();
      },
    },
  ];
}
