import { expect, test } from 'vitest';
import { aBatch, deliver, idsOf, purposeOf } from './contract-scene.ts';
import { hashIds } from './id-window.ts';
import { createLogConsumer } from './log-consumer.ts';
import { openLogStore } from './log-store.ts';

test('what was taken before the disk could not be read is handed out all the same', async () => {
  const store = openLogStore(':memory:');
  store.addConsumer('a');
  for (const [index, id] of ['1', '2', '3'].entries()) {
    const batch = aBatch([id]);
    store.insertBatch(index + 1, batch, new Uint8Array(hashIds([id]).buffer), String(batch.body).length);
  }
  let isBroken = false;
  const { outbox } = createLogConsumer({
    name: 'a',
    store: {
      ...store,
      batchAfter(seq) {
        if (isBroken && seq === 1) throw new Error('disk I/O error');
        return store.batchAfter(seq);
      },
    },
    isSuppressed: () => false,
    purposeOf,
    commitSoon: async () => {},
    onClosed() {},
  });
  const pull = () => idsOf(outbox.pull({ maxEvents: 10, maxBytes: 100_000 }));
  isBroken = true;
  expect(pull()).toEqual(['1']);
  expect(pull()).toEqual([]);
  expect(outbox.depth().waiting).toBe(2);
  isBroken = false;
  expect(pull()).toEqual(['2', '3']);
  await deliver(outbox, ['1', '2', '3']);
  expect(outbox.depth()).toEqual({ waiting: 0, waitingBytes: 0 });
  store.close();
});
