import { createTracker } from '@org/track-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Backend, createBackend } from './backend.ts';

let backend: Backend;

beforeEach(async () => {
  backend = await createBackend();
  await backend.start();
});
afterEach(() => backend.remove());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('a server that is killed again and again loses no event it acknowledged, and stores none twice', async () => {
  const tracker = createTracker({
    endpoint: `${backend.url}/v1/batch`,
    writeKey: 'secret-of-the-shop',
    consent: { analytics: true },
    maxQueued: 1e6, // how long a restart takes is not what is tested
    queue: {
      maxEvents: 20,
      maxWaitMs: 5,
      concurrency: 3,
      baseDelayMs: 50,
      maxDelayMs: 200,
    },
  });
  const acknowledged: string[] = [];
  let made = 0;
  const timer = setInterval(() => {
    for (let index = 0; index < 10; index++) {
      const receipt = tracker.track('Product Viewed', { made: made++ }, { userId: `u${index}` });
      void receipt.delivered.then(({ kind }) => kind === 'delivered' && acknowledged.push(receipt.messageId));
    }
  }, 5);

  for (let round = 0; round < 6; round++) {
    await pause(150 + 97 * round);
    await backend.kill();
    await backend.start();
  }
  clearInterval(timer);
  const books = await tracker.shutdown({ deadlineMs: 30_000 });
  expect(books).toEqual({ accepted: made, delivered: made, dropped: {}, dead: {}, pending: 0, sanitized: {} });
  expect(acknowledged).toHaveLength(made);

  const rows = await backend.stopAndAsk<{ id: string; times: number }>(
    'SELECT message_id AS id, count(*)::INT AS times FROM events GROUP BY message_id',
  );
  const stored = new Set(rows.map(({ id }) => id));
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  expect(rows.filter(({ times }) => times > 1)).toEqual([]);
  expect(rows).toHaveLength(made);
});
