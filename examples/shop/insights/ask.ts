import { readFileSync } from 'node:fs';
import type { duckdb } from '@org/track-node/duckdb';
import { content, funnel, type Model, models, withModels } from '@org/track-node/models';

type Warehouse = ReturnType<typeof duckdb>;

const read = (name: string): string => readFileSync(new URL(`./${name}.sql`, import.meta.url), 'utf8').trim();

/** What the questions are asked of: the package's models, two of them in the shop's own words. */
export const shopModels: readonly Model[] = [
  ...models.filter(({ name }) => name !== 'funnel' && name !== 'content'),
  // Whoever puts a product straight from a shelf into the cart and looks at it later came as far.
  funnel(['Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed'], { order: 'any' }),
  content({ properties: { id: 'article_id', variant: 'headline_id', title: 'headline' } }),
];

/** The questions, as files to read and to paste into any DuckDB shell. */
export const questions = {
  totals: read('totals'),
  engagement: read('engagement'),
  funnel: read('funnel'),
  headlines: read('headlines'),
  sources: read('sources'),
  forms: read('forms'),
  vitals: read('vitals'),
  rage: read('rage'),
  media: read('media'),
  reconcile: read('reconcile'),
};
export type Question = keyof typeof questions;

/** The rows that answer a question: about everything, or about the visitors of one run of drive.ts only. */
export function ask(warehouse: Warehouse, question: Question, run?: string) {
  if (run === undefined) return warehouse.query(questions[question]);
  // A driven visitor says so in the user agent. All models, and the name `events`, now mean this run's events only.
  const ofThisRun = withModels('duckdb', shopModels, 'SELECT * FROM main.events WHERE contains(user_agent, $run)');
  return warehouse.query(`${ofThisRun} SELECT * FROM (${questions[question]})`, { run: runMark(run) });
}

/** How a visitor of a run is marked in its user agent, up to the visitor's number. */
export const runMark = (run: string): string => `ShopDrive/${run}.`;
