// A user's module, compiled against the packed declarations.
import { clicks, createTracker as createBrowserTracker, pageViews } from '@org/track-browser';
import { createWorkerTracker, readVisitor } from '@org/track-browser/worker';
import { definePlan, type TrackEvent, type Tracker } from '@org/track-core';
import { createFakeClock } from '@org/track-core/testing';
import { createCollector, sqliteLog } from '@org/track-node';
import { duckdb } from '@org/track-node/duckdb';

export const plan = definePlan({
  version: '1',
  events: { 'Product Added': { purpose: 'analytics' }, 'Order Completed': { purpose: 'necessary', source: 'server' } },
});

const tracker = createBrowserTracker<typeof plan>({ endpoint: '/api/j', capture: [pageViews(), clicks()] });
tracker.track('Product Added', { product_id: 'p1' });
// @ts-expect-error only a server may send it
tracker.track('Order Completed');
// @ts-expect-error nobody planned it
tracker.track('Product Addded');

export const inWorker = createWorkerTracker<typeof plan>({ endpoint: '/api/j', ...(await readVisitor()) });
inWorker.track('Product Added', { product_id: 'p1' });

export function isomorphic(either: Tracker): void {
  either.track('Anything', { at: createFakeClock().now() });
}

export const collector = createCollector({ plan, log: sqliteLog('log.db'), destinations: [duckdb('events.duckdb')] });
collector.tracker.track('Order Completed', { total: 9.9 }, { userId: 'u1' });
export const nameOf = (event: TrackEvent): string => event.type;
