/** Whose SQL it is. The models are the same questions in both, with the same answers. */
export type SqlDialect = 'duckdb' | 'postgres';

/** A question about the table `events`, whose answer is a table again: a view, or part of a query. */
export interface Model {
  /** What the view is called. */
  readonly name: string;
  /** What one row of it is, for people. */
  readonly description: string;
  /** A `SELECT` from `events`, without a semicolon. It reads no other model. */
  sql(dialect: SqlDialect): string;
}

/** What the two databases say differently. All else in a model is said so that both understand it. */
export interface SqlWords {
  /** A field of a JSON column as text, or NULL: `text('context', 'stream', 'id')`. */
  text(column: 'properties' | 'context', ...path: string[]): string;
  /** The same as a number; what is no number is NULL, for one odd event must not cost the others their answer. */
  number(column: 'properties' | 'context', ...path: string[]): string;
  /** Any text as a literal. */
  quote(text: string): string;
}

/** Whose event it is, as far as a device or a server said. */
export const visitor = 'coalesce(anonymous_id, user_id)';

/** A share in percent, NULL of nothing. Not rounded: that is for whoever shows it. */
export const percentOf = (part: string, whole: string): string =>
  `100 * CAST(${part} AS DOUBLE PRECISION) / nullif(${whole}, 0)`;

/** The time from one moment to another. */
export const secondsBetween = (from: string, to: string): string =>
  `CAST(extract(epoch FROM (${to} - ${from})) AS DOUBLE PRECISION)`;

/**
 * @param write - makes the SQL
 * @throws TypeError for a name that would need quotes
 */
export function defineModel(name: string, description: string, write: (words: SqlWords) => string): Model {
  if (typeof name !== 'string' || !/^[a-z_][a-z0-9_]{0,62}$/.test(name) || name === 'events') {
    throw new TypeError(`model: name: expected a word in lower case other than events, got ${JSON.stringify(name)}`);
  }
  return { name, description, sql: (dialect) => write(words[dialect]).trim() };
}

/** Up to fifteen digits before the point: what a double holds, and neither database's cast stumbles over. */
const numeric = '^-?[0-9]{1,15}([.][0-9]{1,20})?([eE][-+]?[0-9]{1,2})?$';

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
// In parentheses: DuckDB's arrows bind less tightly than a comparison.
const text: SqlWords['text'] = (column, ...path) => {
  const [last = '', ...before] = [...path].reverse();
  return `(${[column, ...before.reverse().map(quote)].join(' -> ')} ->> ${quote(last)})`;
};

const words: { readonly [dialect in SqlDialect]: SqlWords } = {
  duckdb: {
    text,
    number: (...field) =>
      `CASE WHEN regexp_matches(${text(...field)}, '${numeric}') THEN TRY_CAST(${text(...field)} AS DOUBLE PRECISION) END`,
    quote,
  },
  postgres: {
    text,
    number: (...field) =>
      `CASE WHEN ${text(...field)} ~ '${numeric}' THEN CAST(${text(...field)} AS DOUBLE PRECISION) END`,
    // A backslash is only itself where the server's settings say so; after an E it is always the same.
    quote: (value) => (value.includes('\\') ? `E${quote(value.replaceAll('\\', '\\\\'))}` : quote(value)),
  },
};
