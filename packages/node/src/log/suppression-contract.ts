import { rejects } from 'node:assert/strict';
import { expectSame } from '../testing/expect-same.ts';
import { aBatch, type ContractCase, type LogUnderTest } from './contract-scene.ts';
import { ErasureUnderWayError, LogUnavailableError } from './log.ts';
import type { PersonIds } from './person.ts';

/** What every log must know of those it may not keep. */
export function suppressionContract({ create, reopen }: LogUnderTest): readonly ContractCase[] {
  const cases: ContractCase[] = [
    {
      rule: 'knows whose events must not be kept, by each id they go by, and whose may be again',
      async check() {
        const log = create();
        const has = (...events: readonly unknown[]) => events.map((event) => log.suppression.has(event));
        expectSame('before', has({ userId: 'u1' }), [false]);
        await log.suppression.add({ userId: 'u1', anonymousId: 'a1' });
        expectSame(
          'theirs',
          has(
            { userId: 'u1' },
            { anonymousId: 'a1' },
            { userId: 'other', anonymousId: 'a1' },
            { previousId: 'u1' },
            { previousId: 'a1' },
          ),
          [true, true, true, true, true],
        );
        expectSame(
          'not theirs',
          has(
            { userId: 'a1' },
            { anonymousId: 'u1' },
            { userId: 'u2' },
            { groupId: 'u1' },
            { userId: 7 },
            null,
            'u1',
            {},
          ),
          [false, false, false, false, false, false, false, false],
        );
        await log.suppression.remove({ userId: 'u1' });
        expectSame('removed', has({ userId: 'u1' }, { anonymousId: 'a1' }), [false, true]);
        await log.close();
      },
    },
    {
      rule: 'takes nobody off the list who is not forgotten everywhere yet, by whichever id, and nobody else waits for that',
      async check() {
        const log = create();
        await log.append({
          ...aBatch(['1']),
          body: JSON.stringify({ batch: [{ messageId: '1', userId: 'u1', anonymousId: 'phone' }] }),
        });
        await log.suppression.add({ userId: 'u2' });
        const id = await log.erasures.begin({ userId: 'u1' }, ['far', 'near']);
        const refused = async (person: PersonIds): Promise<string> => {
          const error = await log.suppression.remove(person).catch((reason: unknown) => reason);
          expectSame('refused', error instanceof ErasureUnderWayError, true);
          expectSame('suppressed', log.suppression.has({ userId: 'u1' }), true);
          return String(error);
        };
        expectSame('before the log is done', (await refused({ userId: 'u1' })).includes(id), true);
        await log.erasures.purge(id);
        await log.erasures.told(id, { destination: 'near', state: 'erased' });
        for (const person of [{ userId: 'u1' }, { anonymousId: 'phone' }, { userId: 'u2', anonymousId: 'phone' }]) {
          expectSame('waits for', (await refused(person)).includes('it waits for far)'), true);
        }
        await log.suppression.remove({ userId: 'u2' });
        expectSame('another', log.suppression.has({ userId: 'u2' }), false);
        await log.erasures.told(id, { destination: 'far', state: 'failed' });
        await log.suppression.remove({ userId: 'u1', anonymousId: 'phone' });
        expectSame('done', log.suppression.has({ userId: 'u1', anonymousId: 'phone' }), false);
        await log.close();
      },
    },
    {
      rule: 'refuses to suppress nobody, and when it is closed',
      async check() {
        const log = create();
        for (const person of [{}, { userId: '' }, { userId: 7 }, null]) {
          await rejects(log.suppression.add(person as PersonIds), TypeError);
        }
        await log.close();
        await rejects(log.suppression.add({ userId: 'u1' }), LogUnavailableError);
      },
    },
  ];
  if (reopen === undefined) return cases;
  return [
    ...cases,
    {
      rule: 'opened again, it knows whom it must not keep',
      async check() {
        const log = create();
        await log.suppression.add({ userId: 'u1' });
        await log.suppression.add({ userId: 'u2' });
        await log.suppression.remove({ userId: 'u1' });
        await log.close();
        const later = reopen();
        const has = ['u1', 'u2'].map((userId) => later.suppression.has({ userId }));
        expectSame('suppressed', has, [false, true]);
        await later.close();
      },
    },
  ];
}
