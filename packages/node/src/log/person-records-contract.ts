import { rejects } from 'node:assert/strict';
import type { JsonObject } from '@org/track-core';
import { expectSame } from '../testing/expect-same.ts';
import type { AcceptedBatch } from './accepted-batch.ts';
import {
  aBatch,
  aConsumer,
  type ContractCase,
  collect,
  facts,
  idOf,
  issues,
  type LogUnderTest,
  pullIds,
  withDead,
} from './contract-scene.ts';
import type { PersonIds } from './person.ts';

/** A batch of events about these people. */
function batchOf(events: Readonly<Record<string, PersonIds & { previousId?: string }>>): AcceptedBatch {
  const batch = Object.entries(events).map(([messageId, ids]) => ({
    type: 'track',
    event: 'e',
    messageId,
    ...ids,
    timestamp: new Date(facts.receivedAt).toISOString(),
    properties: {} as JsonObject,
  }));
  return { facts, ids: Object.keys(events), body: JSON.stringify({ batch }) };
}

/** What every log can tell of a person, and how it forgets them. */
export function personRecordsContract({ create }: LogUnderTest): readonly ContractCase[] {
  return [
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
      rule: 'knows a person by what became of their events, also where retention has taken the batch that said so',
      async check() {
        let now = facts.receivedAt;
        const hourMs = 3_600_000;
        const log = create({ retentionMs: 24 * hourMs, now: () => now });
        await log.append(batchOf({ own: { userId: 'u1', anonymousId: 'phone' }, before: { anonymousId: 'phone' } }));
        now += 20 * hourMs;
        await withDead(log, ['own', 'before']);
        now += 10 * hourMs;
        await log.append(batchOf({ other: { userId: 'u2' } }));
        expectSame('left of the batch', (await collect(log.records.events({}))).map(idOf), ['other']);
        const found = await collect(log.records.about({ userId: 'u1' }));
        expectSame('about', found.map(idOf), ['before', 'own']);
        expectSame('erased', await log.records.erase({ userId: 'u1' }), {
          events: 0,
          quarantined: 0,
          deadLetters: 2,
          anonymousIds: ['phone'],
        });
        await log.close();
      },
    },
    {
      rule: 'finds whom an event in quarantine is about where an id came as a number, and takes no more of them',
      async check() {
        const log = create();
        const bad = (messageId: string, event: object) => ({ messageId, issues, event: JSON.stringify(event) });
        await log.append(
          aBatch([], {
            quarantined: [
              bad('user', { userId: 7, anonymousId: 8 }),
              bad('device', { anonymousId: 8 }),
              bad('former', { userId: 9, previousId: 7 }),
              bad('other', { userId: 70, anonymousId: 80 }),
            ],
          }),
        );
        const found = await collect(log.records.about({ userId: '7' }));
        expectSame('about', found.map((record) => record.store === 'quarantine' && record.id).length, 3);
        expectSame('erased', await log.records.erase({ userId: '7' }), {
          events: 0,
          quarantined: 3,
          deadLetters: 0,
          anonymousIds: ['8'],
        });
        expectSame('suppressed', [{ userId: 7 }, { anonymousId: 8 }, { userId: 70 }].map(log.suppression.has), [
          true,
          true,
          false,
        ]);
        await log.close();
      },
    },
  ];
}
