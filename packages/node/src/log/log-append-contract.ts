import { rejects } from 'node:assert/strict';
import { expectSame } from '../testing/expect-same.ts';
import {
  aBatch,
  aConsumer,
  all,
  type ContractCase,
  deliver,
  facts,
  type LogUnderTest,
  packedBy,
  pullIds,
} from './contract-scene.ts';
import { LogUnavailableError } from './log.ts';

/** What every log must do with what it is given to keep. */
export function logAppendContract({ create, reopen }: LogUnderTest): readonly ContractCase[] {
  const cases: ContractCase[] = [
    {
      rule: 'leaves out ids that it holds, and says which',
      async check() {
        const log = create();
        expectSame('new', await log.append(aBatch(['1', '2'])), { duplicates: [] });
        expectSame('some', await log.append(aBatch(['2', '3', '1'])), { duplicates: ['2', '1'] });
        expectSame('all', await log.append(aBatch(['1', '2', '3'])), { duplicates: ['1', '2', '3'] });
        expectSame('stored', await pullIds(aConsumer(log).outbox), ['1', '2', '3']);
        expectSame('stats', log.stats(), { batches: 2, events: 3, quarantined: 0, deadLetters: 0 });
        await log.close();
      },
    },
    {
      rule: 'takes a body in bytes as it takes text, whatever else stands in it',
      async check() {
        const log = create();
        const { body, ...batch } = aBatch(['1', '2'], { properties: { text: 'é 漢 😀' } });
        const bytes = Buffer.from(`{"sentAt":"2026-01-01T00:00:00.000Z",${String(body).slice(1)}`);
        await log.append({ ...batch, body: new Uint8Array(bytes) });
        const again = Buffer.from(String(aBatch(['2', '3']).body));
        expectSame('duplicates', await log.append({ ...aBatch(['2', '3']), body: again }), { duplicates: ['2'] });
        const entries = await aConsumer(log).outbox.pull(all);
        expectSame(
          'stored',
          entries.map(({ id }) => id),
          ['1', '2', '3'],
        );
        expectSame('text', entries[0]?.value.type === 'track' && entries[0].value.properties?.text, 'é 漢 😀');
        await log.close();
      },
    },
    {
      rule: 'takes a body that is packed, and reads it as any other, in part and after an erasure too',
      async check() {
        const log = create();
        const packed = (ids: readonly string[]) => {
          const batch = aBatch(ids, { properties: { text: 'é 漢 😀'.repeat(50) } });
          return { ...batch, body: packedBy(batch) };
        };
        await log.append(packed(['1', '2']));
        expectSame('duplicates', await log.append(packed(['2', '3'])), { duplicates: ['2'] });
        expectSame('stored', await pullIds(aConsumer(log, 'first').outbox), ['1', '2', '3']);
        const [entry] = await aConsumer(log, 'second').outbox.pull(all);
        expectSame('text', entry?.value.type === 'track' && entry.value.properties?.text, 'é 漢 😀'.repeat(50));
        await log.records.erase({ userId: 'u' });
        expectSame('erased', await pullIds(aConsumer(log, 'third').outbox), []);
        expectSame('not known', await log.append(packed(['1'])), { duplicates: [] });
        await log.close();
      },
    },
    {
      rule: 'collapses one id in one body, and in appends that share a commit',
      async check() {
        const log = create();
        const outcomes = await Promise.all([log.append(aBatch(['1', '1', '2'])), log.append(aBatch(['2', '3']))]);
        expectSame('duplicates', outcomes, [{ duplicates: ['1'] }, { duplicates: ['2'] }]);
        expectSame('stored', await pullIds(aConsumer(log).outbox), ['1', '2', '3']);
        await log.close();
      },
    },
    {
      rule: 'keeps quarantined events with their reasons, newest first, once for each id',
      async check() {
        const log = create();
        const issues = [{ path: 'event', code: 'missing' }];
        const bad = (messageId: string) => ({ messageId, issues, event: '{}' });
        await log.append(aBatch(['1'], { quarantined: [bad('x'), bad('y')] }));
        await log.append(aBatch(['1'], { quarantined: [bad('y')] }));
        expectSame('newest', log.quarantined(1), [{ receivedAt: facts.receivedAt, ...bad('y') }]);
        expectSame('stats', log.stats(), { batches: 1, events: 1, quarantined: 2, deadLetters: 0 });
        await log.close();
      },
    },
    {
      rule: 'tells whether it could store something now, and leaves nothing behind',
      async check() {
        const log = create();
        await log.probe();
        await log.probe();
        expectSame('stats', log.stats(), { batches: 0, events: 0, quarantined: 0, deadLetters: 0 });
        await log.close();
        await rejects(log.probe(), LogUnavailableError);
      },
    },
    {
      rule: 'stores what was appended before close() was called',
      async check() {
        const log = create();
        const appended = log.append(aBatch(['1']));
        await log.close();
        expectSame('appended', await appended, { duplicates: [] });
      },
    },
  ];
  if (reopen === undefined) return cases;
  return [
    ...cases,
    {
      rule: 'never uses a place in the log twice',
      async check() {
        const log = create();
        await log.append(aBatch(['1']));
        const { outbox } = aConsumer(log);
        await deliver(outbox, await pullIds(outbox));
        await log.close();
        const later = reopen();
        const again = aConsumer(later);
        await later.append(aBatch(['2']));
        expectSame('new', await pullIds(again.outbox), ['2']);
        await later.close();
      },
    },
  ];
}
