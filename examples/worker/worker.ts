import { env } from 'cloudflare:workers';
import { createWorkerTracker, type WorkerContext } from '@org/track-node/worker';
import { servedPages } from '@org/track-node/worker-served';

const tracker = createWorkerTracker({ endpoint: env.TRACK_ENDPOINT, writeKey: env.TRACK_KEY });
const pages = servedPages(tracker);

async function handle(request: Request, _env: object, context: WorkerContext): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method === 'POST' && pathname === '/orders') {
    tracker.track('Order Completed', { order_id: 'o1', total: 9.9 });
    // What goes on after the answer is inside of the request too.
    context.waitUntil(packParcel());
    return Response.json({ order_id: 'o1' }, { status: 201 });
  }
  tracker.page();
  return new Response('<!doctype html><title>Shop</title><h1>Shop</h1>', { headers: { 'Content-Type': 'text/html' } });
}

async function packParcel(): Promise<void> {
  await new Promise((done) => setTimeout(done, 20)); // another service
  tracker.track('Parcel Packed', { order_id: 'o1' });
}

// biome-ignore lint/style/noDefaultExport: a Worker is its default export
export default {
  fetch: tracker.fetch(pages.fetch(handle)),
  // Nobody's request: each call says whom it is about.
  scheduled: tracker.job(async (_schedule: object, _env: object, _context: WorkerContext) => {
    tracker.with({ userId: 'u1', consent: { analytics: true } }).track('Invoice Sent', { invoice_id: 'i1' });
  }),
};
