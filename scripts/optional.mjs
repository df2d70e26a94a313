// What tests may do without on a developer's machine, and never in CI.
import { hasModernClickHouse, howToGetModernClickHouse } from './chdb.mjs';
import { findChromium, howToGetChromium } from './chromium.mjs';
import { hasClickHouse, howToGetClickHouse } from './clickhouse.mjs';
import { hasPostgres, howToGetPostgres } from './postgres.mjs';

/**
 * @typedef {object} Component
 * @property {string} name
 * @property {boolean} found
 * @property {string} howToGet - completes the sentence "To run them, …"
 */

/** @type {Component} */
export const chromium = { name: 'Chromium', found: findChromium() !== undefined, howToGet: howToGetChromium };

/** @type {Component} */
export const postgresServer = { name: 'Postgres', found: hasPostgres(), howToGet: howToGetPostgres };

/** @type {Component} */
export const clickhouseServer = { name: 'ClickHouse', found: hasClickHouse(), howToGet: howToGetClickHouse };

/** @type {Component} */
export const modernClickHouse = {
  name: 'A modern ClickHouse',
  found: hasModernClickHouse(),
  howToGet: howToGetModernClickHouse,
};

/** Nothing may be skipped for want of a component here. */
export const isStrict = Boolean(process.env.CI) && process.env.CI !== 'false';

/**
 * Options for a suite that cannot run without `component`: `describe('shop', needs(chromium), () => { … })`.
 * Where it is missing the suite is skipped and counted under this reason; with `CI=true` it fails instead.
 *
 * @param {Component} component
 * @returns {{ skip?: boolean, meta?: object }}
 */
export function needs(component) {
  if (component.found) return {};
  const missing = `${component.name} is missing. To run them, ${component.howToGet}.`;
  if (isStrict) throw new Error(`CI=true allows no skipping, and ${missing}`);
  return { skip: true, meta: { missing } };
}
