import { anEvent } from '@org/track-core/testing';
import { afterEach, expect, test } from 'vitest';
import { aDestination, batchOf, closeAll, consented, run } from './running-collector.ts';

afterEach(closeAll);

test.each([
  { why: 'the page first', isPageFirst: true },
  { why: 'the server first', isPageFirst: false },
])('an order that both sides tell under one id reaches each destination once: $why', async ({ isPageFirst }) => {
  const destinations = ['one', 'two', 'three'].map((name) => ({ ...aDestination(), name }));
  const { post, collector } = await run({ destinations, consent: { analytics: true } });
  const messageId = 'order-5c1f9a52-7f0e-4c39-9d7a-3f5f6f1f0a11';
  const sides = [
    () => post(batchOf(anEvent({ event: 'Order Completed', messageId, context: consented }))),
    () => collector.tracker.track('Order Completed', {}, { userId: 'u1', messageId }).delivered,
  ];
  for (const tell of isPageFirst ? sides : sides.reverse()) await tell();
  await sides[0]?.(); // and a retry, because an answer was lost
  await collector.flush();
  for (const { received } of destinations) {
    expect(received).toMatchObject([{ messageId, source: isPageFirst ? 'browser' : 'server' }]);
  }
});
