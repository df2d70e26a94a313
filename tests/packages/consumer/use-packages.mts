// A user's module, compiled against the packed declarations.
import { clicks, createTracker as createBrowserTracker, pageViews } from '@org/track-browser';
import { createWorkerTracker, readVisitor } from '@org/track-browser/worker';
import { definePlan, type TrackEvent, type Tracker } from '@org/track-core';
import { createFakeClock } from '@org/track-core/testing';
import { createCollector, sqliteLog, type Transformation } from '@org/track-node';
import { bots } from '@org/track-node/bots';
import { duckdb } from '@org/track-node/duckdb';
import { geo } from '@org/track-node/geo';
import { lambdaHandler } from '@org/track-node/lambda';
import { nextTracking } from '@org/track-node/next';
import { assertTracked, createTestTracker } from '@org/track-node/testing';
import { userAgents } from '@org/track-node/user-agents';
import { createWorkerTracker as createCloudTracker } from '@org/track-node/worker';
import { servedPages } from '@org/track-node/worker-served';

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

const withoutEmail: Transformation = (event) => (event.type === 'identify' ? { ...event, traits: {} } : event);
export const collector = createCollector({
  plan,
  log: sqliteLog('log.db'),
  destinations: [duckdb('events.duckdb')],
  enrichments: [userAgents(), bots({ drop: true }), geo({ file: 'city.mmdb' })],
  transformations: [withoutEmail],
});
collector.tracker.track('Order Completed', { total: 9.9 }, { userId: 'u1' });
export const nameOf = (event: TrackEvent): string => event.type;

// Frameworks hand over what they have; nobody casts anything.
const parts = { headers: async () => new Headers(), after: (task: () => unknown): void => void task() };
export const { route, action } = nextTracking(collector.tracker, parts);
export const POST = route(async (request: Request, { id }: { id: string }) => new Response(request.url + id));
export const add = action(async (form: FormData): Promise<number> => form.getAll('id').length);
export const added: Promise<number> = add(new FormData());
interface Invocation {
  getRemainingTimeInMillis(): number;
}
export const lambda = lambdaHandler(collector.tracker, async (event: { body: string }, _: Invocation) => event.body);
const cloud = createCloudTracker({ endpoint: 'https://collector.example/api/j', writeKey: 'key' });
const pages = servedPages(cloud);
export const worker = {
  fetch: cloud.fetch(pages.fetch(async (request: Request, env: { KEY: string }) => request.url + env.KEY)),
};
const tested = createTestTracker({ plan });
tested.run({ headers: {} }, () => tested.track('Order Completed'));
assertTracked(tested, 'Order Completed', { total: 9.9 });
