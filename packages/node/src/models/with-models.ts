import type { Model, SqlDialect } from './model.ts';

/**
 * The beginning of a query that reads models without views: of part of the events, or where views cannot be made.
 *
 * ```ts
 * warehouse.query(`${withModels('duckdb', models, 'SELECT * FROM main.events WHERE locale = $locale')} FROM sessions`, { locale })
 * ```
 *
 * @param events - a `SELECT` of those rows of the table that are to count; its placeholders are those of the query
 */
export function withModels(dialect: SqlDialect, models: readonly Model[], events: string): string {
  const parts = [`events AS (${events})`, ...models.map((model) => `${model.name} AS (\n${model.sql(dialect)}\n)`)];
  return `WITH ${parts.join(',\n')}\n`;
}
