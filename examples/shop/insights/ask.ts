import { readFileSync } from 'node:fs';
import type { duckdb } from '@org/track-node/duckdb';
import { content, funnel, type Model, models, reconciliation, withModels } from '@org/track-node/models';

type Warehouse = ReturnType<typeof duckdb>;

const read = (name: string): string => readFileSync(new URL(`./${name}.sql`, import.meta.url), 'utf8').trim();

/** What the questions are asked of: the package's models, some of them in the shop's own words. */
export const shopModels: readonly Model[] = [
  ...models.filter(({ name }) => !['funnel', 'content', 'reconciliation'].includes(name)),
  // Whoever puts a product straight from a shelf into the cart and looks at it later came as far.
  funnel(['Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed'], { order: 'any' }),
  // What the server recorded as an order, the browser saw as a receipt.
  reconciliation({ browserEvent: 'Receipt Viewed' }),
  content({ properties: { id: 'article_id', variant: 'headline_id', title: 'headline' } }),
];

/** The questions, as files to read and to paste into any DuckDB shell. */
export const questions = {
  totals: read('totals'),
  blocked: read('blocked'),
  orders: read('orders'),
  engagement: read('engagement'),
  funnel: read('funnel'),
  headlines: read('headlines'),
  sources: read('sources'),
  forms: read('forms'),
  vitals: read('vitals'),
  rage: read('rage'),
  media: read('media'),
  reconcile: read('reconcile'),
  served: read('served'),
  receipts: read('receipts'),
};
export type Question = keyof typeof questions;

/** The rows that answer a question: about everything, or about the visitors of one run of drive.ts only. */
export function ask(warehouse: Warehouse, question: Question, run?: string) {
  if (run === undefined) return warehouse.query(questions[question]);
  // All models, and the name `events`, now mean this run's events only.
  const ofThisRun = withModels('duckdb', shopModels, eventsOfRun);
  const parameters = { run: runMark(run), since: new Date(runStartedAt(run)) };
  return warehouse.query(`${ofThisRun} SELECT * FROM (${questions[question]})`, parameters);
}

/** A driven visitor says so in the user agent. A page that was served is nobody's: of it we only know since when. */
const eventsOfRun = `SELECT * FROM main.events
  WHERE contains(user_agent, $run) OR (event = 'Page Served' AND timestamp >= $since)`;

/** A run is called after the moment it began, epoch milliseconds. */
export const runName = (startedAt: number): string => `r${startedAt.toString(36)}`;
/** The last moment that a `Date` can name. */
const maxTime = 8.64e15;

const runStartedAt = (run: string): number => {
  const startedAt = Number.parseInt(run.slice(1), 36);
  // What no run is called began now, so it has none.
  return startedAt > 0 && startedAt < maxTime ? startedAt : Date.now();
};

/** How a visitor of a run is marked in its user agent, up to the visitor's number. */
export const runMark = (run: string): string => `ShopDrive/${run}.`;
