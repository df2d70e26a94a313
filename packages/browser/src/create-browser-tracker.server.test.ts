// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const timers = vi.spyOn(globalThis, 'setTimeout');

beforeEach(() => {
  timers.mockClear();
});

afterEach(() => {
  vi.restoreAllMocks();
});

test('importing it on a server does nothing, and needs nothing of a browser', async () => {
  const before = Object.keys(globalThis);
  const { clicks, createTracker, pageViews, ...others } = await import('./index.ts');
  expect(Object.keys(globalThis)).toEqual(before);
  expect([createTracker, pageViews, clicks, ...Object.values(others)].every((one) => typeof one === 'function')).toBe(
    true,
  );
});

test('on a server a tracker is inert: it sends nothing, starts nothing, and counts every call', async () => {
  const { createTracker, ...parts } = await import('./index.ts');
  const { clicks, deliveryState, errors, forms, impressions, media, pageViews, redaction, webVitals } = parts;
  const { autocapture, deadClicks, downloads, engagement, outboundLinks, rageClicks, scrollDepth } = parts;
  const fetched = vi.spyOn(globalThis, 'fetch');
  timers.mockClear();
  const tracker = createTracker({
    endpoint: '/api/j',
    capture: [
      ...[pageViews(), clicks(), forms(), impressions(), media(), errors(), webVitals()],
      ...[autocapture(), deadClicks(), downloads(), engagement(), outboundLinks(), rageClicks(), scrollDepth()],
    ],
    plugins: [redaction()],
    delivery: [deliveryState()],
    consent: { model: 'opt-out' },
  });

  tracker.identify('u1');
  tracker.consent.set({ analytics: true });
  tracker.reset();
  const receipt = tracker.track('Product Added', { product_id: 'p1' }, { purpose: 'necessary' });

  expect(await receipt.queued).toBe(false);
  expect(await receipt.delivered).toEqual({ kind: 'dropped', reason: 'shutdown' });
  expect(await tracker.flush()).toMatchObject({ accepted: 2, delivered: 0, dropped: { shutdown: 2 }, pending: 0 });
  await tracker.shutdown();
  expect(fetched).not.toHaveBeenCalled();
});

test('a wrong option is named on a server too', async () => {
  const { createTracker } = await import('./index.ts');
  expect(() => createTracker({ endpoint: 'nowhere' })).toThrow('endpoint');
});
