import { anEvent } from '@org/track-core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { batchOf, closeAll, consented, type Running, run } from '../collector/running-collector.ts';
import { createOperations, type Operations } from './operations.ts';

afterEach(closeAll);

function operationsOf({ collector, log }: Running): Operations {
  const { erase, dispatch } = collector;
  const { exportFrom, compact } = dispatch;
  return createOperations({ collector, log, plan: undefined, unplanned: 'store', erase, exportFrom, compact });
}

describe('an event in quarantine whose id is none', () => {
  test.each<{ why: string; messageId: unknown; reason: string }>([
    { why: 'a number', messageId: 7, reason: 'messageId: not-a-string' },
    { why: 'an object', messageId: {}, reason: 'messageId: not-a-string' },
    { why: 'too long', messageId: 'x'.repeat(101), reason: 'messageId: too-long' },
    { why: 'empty', messageId: '', reason: 'messageId: empty' },
  ])('is not stored as it is, and stays until it is put right: $why', async ({ messageId, reason }) => {
    const running = await run();
    const event = anEvent({ context: consented });
    await running.post(batchOf({ ...event, messageId }));
    const operations = operationsOf(running);
    const [record] = await operations.quarantineList({ limit: 10 });
    const id = record?.id as number;
    expect(await operations.quarantineSubmit({ id })).toEqual({ status: 'invalid', reason });
    expect(await operations.quarantineShow({ id })).not.toBeNull();
    expect(await operations.quarantineSubmit({ id, event })).toEqual({ status: 'stored' });
    expect(await operations.quarantineShow({ id })).toBeNull();
    expect(running.log.stats()).toMatchObject({ events: 1, quarantined: 0 });
  });

  test('does not stand for all others that have none', async () => {
    const running = await run();
    const nameless = { ...anEvent({ context: consented }), messageId: '' };
    await running.post(batchOf({ ...nameless, userId: 'u1' }, { ...nameless, userId: 'u2' }));
    expect(await operationsOf(running).quarantineList({ limit: 10 })).toHaveLength(2);
  });
});
