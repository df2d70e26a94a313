import { readFileSync } from 'node:fs';
import type { duckdb } from '@org/track-node/duckdb';

type Warehouse = ReturnType<typeof duckdb>;

const read = (name: string): string => readFileSync(new URL(`./${name}.sql`, import.meta.url), 'utf8').trim();

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
  // A driven visitor says so in the user agent. The name `events` now means this run's events only.
  return warehouse.query(
    `WITH events AS (SELECT * FROM main.events WHERE contains(user_agent, $run)) SELECT * FROM (${questions[question]})`,
    { run: runMark(run) },
  );
}

/** How a visitor of a run is marked in its user agent, up to the visitor's number. */
export const runMark = (run: string): string => `ShopDrive/${run}.`;
