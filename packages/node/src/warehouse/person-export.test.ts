import { aCollectedEvent } from '@org/track-core/testing';
import { expect, test } from 'vitest';
import { duckdb } from './duckdb.ts';

test('what a warehouse holds of somebody: theirs, their own devices’, and of a shared one only what says it is theirs', async () => {
  const warehouse = duckdb(':memory:');
  const signal = AbortSignal.timeout(20_000);
  const event = (messageId: string, userId?: string, anonymousId?: string) =>
    aCollectedEvent({ messageId, userId, anonymousId } as Parameters<typeof aCollectedEvent>[0]);
  await warehouse.deliver(
    [
      event('hers', 'ada', 'phone'),
      event('before', undefined, 'phone'),
      event('hers-there', 'ada', 'tablet'),
      event('his-there', 'bob', 'tablet'),
      event('nobodys-there', undefined, 'tablet'),
      event('his', 'bob', 'laptop'),
      { ...event('parked', 'ada'), timestamp: 'soon' },
    ],
    { signal },
  );
  const found = async (person: object): Promise<unknown> =>
    (await warehouse.export?.(person, { signal }))
      ?.map((row) => {
        const { message_id: id, event: whole } = row as { message_id?: string; event?: unknown };
        return id ?? (typeof whole === 'string' ? JSON.parse(whole) : (whole as object)).messageId;
      })
      .sort();
  expect(await found({ userId: 'ada' })).toEqual(['before', 'hers', 'hers-there', 'parked']);
  expect(await found({ anonymousId: 'laptop' })).toEqual(['his']);
  expect(await found({ anonymousId: 'phone' })).toEqual(['before', 'hers']);
  expect(await found({ userId: 'nobody' })).toEqual([]);
  await warehouse.close?.();
});
