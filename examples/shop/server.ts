// A shop with a newsroom, its collector, its log and its warehouse: one process, one command.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { serveStatic } from '@hono/node-server/serve-static';
import { createCollector, type Log, sqliteLog } from '@org/track-node';
import { duckdb } from '@org/track-node/duckdb';
import { servedPages } from '@org/track-node/served';
import { Hono } from 'hono';
import { csrf } from 'hono/csrf';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import { shopModels } from './insights/ask.ts';
import { liveEvent } from './live-event.ts';
import { createLiveFeed } from './live-feed.ts';
import { notFoundPage } from './pages/privacy.ts';
import { plan } from './plan.ts';
import { insightsRoutes } from './routes/insights-routes.ts';
import { liveRoutes } from './routes/live-routes.ts';
import { shopRoutes } from './routes/shop-routes.ts';
import { soundRoutes } from './routes/sound-routes.ts';
import { trackPath } from './track-path.ts';
import { createVisits } from './visits.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const { values } = parseArgs({ options: { port: { type: 'string' } } });
const port = Number(values.port ?? process.env.PORT ?? 4600);
// /live and /insights show everything to everyone, so by default only this machine may ask.
const hostname = process.env.HOST ?? '127.0.0.1';
const dataDir = process.env.TRACK_DIR ?? join(here, '.track');
mkdirSync(dataDir, { recursive: true });

const warehouse = duckdb(join(dataDir, 'events.duckdb'), { models: shopModels });
const collector = createCollector({ plan, log: openLog(), destinations: [warehouse] });
const feed = createLiveFeed();
collector.watch((arrival) => feed.push(liveEvent(arrival)));

const stopping = new AbortController();
const app = new Hono();

// Before everything else: an endpoint of its own, which answers events and nothing but events.
app.post(trackPath, (c) => {
  const { address } = getConnInfo(c).remote;
  return collector.fetch(c.req.raw, address === undefined ? {} : { remoteAddress: address });
});

app.use(
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      baseUri: ["'none'"],
      objectSrc: ["'none'"],
      frameAncestors: ["'none'"],
      formAction: ["'self'"],
    },
  }),
  csrf(),
);
app.use(
  '/assets/*',
  etag(),
  serveStatic({ root: join(here, 'dist'), rewriteRequestPath: (path) => path.slice('/assets'.length) }),
);
app.route('/sounds', soundRoutes());
app.route('/live', liveRoutes(feed, stopping.signal));
app.route('/insights', insightsRoutes(collector, warehouse));
// From here on every page is one of the shop's: what is served is counted, seen or not.
app.use(servedPages(collector.tracker).hono);
const visits = createVisits();
app.route('/', shopRoutes(visits, collector.tracker));
app.notFound((c) => c.html(notFoundPage(visits.peek(c)), 404));

const server = serve({ fetch: app.fetch, port, hostname }, ({ port: taken }) => {
  const origin = `http://localhost:${taken}`;
  console.log(`shop      ${origin}\nlive      ${origin}/live\ninsights  ${origin}/insights`);
});
server.on('error', (error) => {
  console.error(`The shop cannot listen on ${hostname}:${port}: ${error.message}`);
  process.exit(1);
});

/** The log belongs to one process: a second shop is told so, and ends. */
function openLog(): Log {
  try {
    return sqliteLog(join(dataDir, 'log.db'));
  } catch (error) {
    console.error(
      `The shop cannot start, perhaps because it is running already: ${error instanceof Error ? error.message : error}`,
    );
    process.exit(1);
  }
}

/** Stops listening, writes what it has, leaves. A second signal does not wait. */
async function stop(): Promise<void> {
  if (stopping.signal.aborted) process.exit(1);
  stopping.abort();
  server.close();
  await collector.close({ deadlineMs: 5_000 });
  process.exit(0);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
