// @vitest-environment node
import { expect, test, vi } from 'vitest';

test('importing it on a server does nothing, and needs nothing of a worker', async () => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const before = Object.keys(globalThis);
  const { createWorkerTracker, readVisitor } = await import('./worker.ts');
  expect(Object.keys(globalThis)).toEqual(before);
  expect([createWorkerTracker, readVisitor].every((member) => typeof member === 'function')).toBe(true);
  expect(timers).not.toHaveBeenCalled();
  timers.mockRestore();
});

test('on a server a tracker is inert: it sends nothing, and counts every call', async () => {
  const { createWorkerTracker } = await import('./worker.ts');
  const fetched = vi.spyOn(globalThis, 'fetch');
  const tracker = createWorkerTracker({ endpoint: '/api/j', userId: 'u1', consent: { model: 'opt-out' } });
  tracker.consent.set({ analytics: true });
  const receipt = tracker.track('Synced', {}, { purpose: 'necessary' });
  expect(await receipt.delivered).toEqual({ kind: 'dropped', reason: 'shutdown' });
  expect(await tracker.flush()).toMatchObject({ accepted: 1, dropped: { shutdown: 1 }, pending: 0 });
  await tracker.shutdown();
  expect(fetched).not.toHaveBeenCalled();
  fetched.mockRestore();
});

test('on a server nobody visits', async () => {
  const { readVisitor } = await import('./worker.ts');
  expect(await readVisitor()).toEqual({});
});
