import { createFakeClock } from '@org/track-core/testing';
import { expect, test } from 'vitest';
import { createBooks } from './books.ts';

test('a delivery of more events than a call takes arguments is counted like any other', () => {
  const clock = createFakeClock();
  const books = createBooks(clock);
  books.delivered([clock.now() - 5_000, ...new Array<number>(200_000).fill(clock.now())]);
  expect(books.successes()).toBe(1);
  const now = { name: 'large', state: 'closed', stopReason: undefined, oldestReceivedAt: undefined } as const;
  expect(books.report({ ...now, underWay: 0, concurrency: 1, restMs: 0 }).lagMs).toBe(5_000);
});
