import type { Collector } from '@org/track-node';
import type { duckdb } from '@org/track-node/duckdb';
import { type Context, Hono } from 'hono';
import { ask } from '../insights/ask.ts';
import { charted, insightsPage } from '../pages/desk.ts';

/** How long an answer may wait for events that are on their way to DuckDB, milliseconds. */
const patienceMs = 10_000;

/** `/insights`: answers from DuckDB, after what is on its way there has arrived. */
export function insightsRoutes(
  collector: Pick<Collector, 'flush' | 'stats'>,
  warehouse: ReturnType<typeof duckdb>,
): Hono {
  const app = new Hono();
  const runOf = (c: Context): string | undefined => c.req.query('run')?.match(/^[\w-]{1,40}$/)?.[0];

  app.get('/', (c) => c.html(insightsPage(runOf(c))));
  app.get('/data.json', async (c) => {
    await collector.flush({ deadlineMs: patienceMs });
    const run = runOf(c);
    const [totals] = await ask(warehouse, 'totals', run);
    const answers = charted.map(async (question) => [question, await ask(warehouse, question, run)] as const);
    return c.json({ totals, ...Object.fromEntries(await Promise.all(answers)) });
  });
  // For drive.ts: what is stored of its visitors, event by event, their orders, and the pages they were served.
  app.get('/reconcile.json', async (c) => {
    const run = runOf(c);
    if (run === undefined) return c.json({ error: 'run: expected the name of a run, got none' }, 400);
    await collector.flush({ deadlineMs: patienceMs });
    const asked = ['reconcile', 'funnel', 'served', 'blocked', 'receipts'] as const;
    const answers = asked.map(async (question) => [question, await ask(warehouse, question, run)] as const);
    const { reconcile: events, ...others } = Object.fromEntries(await Promise.all(answers));
    return c.json({ events, ...others, books: collector.stats() });
  });
  return app;
}
