import { type TypedWords, typedWords } from './typed-words.ts';

/** Whose SQL it is. The models are the same questions in all of them, with the same answers. */
export type SqlDialect = 'duckdb' | 'postgres' | 'clickhouse';

/** A question about the table `events`, whose answer is a table again: a view, or part of a query. */
export interface Model {
  /** What the view is called. */
  readonly name: string;
  /** What one row of it is, for people. */
  readonly description: string;
  /** A `SELECT` from `events`, without a semicolon. It reads no other model. */
  sql(dialect: SqlDialect): string;
}

/** What the databases say differently. All else in a model is said so that each understands it. */
export interface SqlWords extends TypedWords {
  /** A field of a JSON column as text, or NULL: `text('context', 'stream', 'id')`. */
  text(column: 'properties' | 'context', ...path: string[]): string;
  /** The same as a number; what is no number is NULL, for one odd event must not cost the others their answer. */
  number(column: 'properties' | 'context', ...path: string[]): string;
  /** Any text as a literal. */
  quote(text: string): string;
  /** Of the events of a group for which a condition holds, a column of the first. */
  first(column: string, where: string): string;
  /** The same of the last. */
  last(column: string, where: string): string;
  /** The value that most rows of a group have for which a condition holds; of several the lowest. */
  mode(column: string, where: string): string;
  /** The median of a number, over the rows of a group for which a condition holds. */
  median(column: string, where: string): string;
  /** The time from one moment to another. */
  seconds(from: string, to: string): string;
  /** The day of a moment, or the Monday of its week, as a date; in UTC. */
  period(by: 'day' | 'week', moment: string): string;
  /** The host in a URL. */
  host(url: string): string;
}

/** Whose event it is, as far as a device or a server said. */
export const visitor = 'coalesce(anonymous_id, user_id)';

/** A share in percent, NULL of nothing. Not rounded: that is for whoever shows it. */
export const percentOf = (part: string, whole: string): string =>
  `CAST(100 AS DOUBLE PRECISION) * (${part}) / nullif(${whole}, 0)`;

/**
 * @param write - makes the SQL
 * @throws TypeError for a name that would need quotes
 */
export function defineModel(name: string, description: string, write: (words: SqlWords) => string): Model {
  if (typeof name !== 'string' || !/^[a-z_][a-z0-9_]{0,62}$/.test(name) || name === 'events') {
    throw new TypeError(`model: name: expected a word in lower case other than events, got ${JSON.stringify(name)}`);
  }
  return { name, description, sql: (dialect) => `${write(words[dialect]).trim()}${endings[dialect]}` };
}

/**
 * Up to fifteen digits before the point: what a double holds, and neither database's cast stumbles over. Behind it
 * Postgres writes without an exponent what is small.
 */
const numeric = '^-?[0-9]{1,15}([.][0-9]{1,99})?([eE][-+]?[0-9]{1,2})?$';

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** There a backslash is never only itself. */
const quoteInClickHouse = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
// In parentheses: DuckDB's arrows bind less tightly than a comparison.
const text: SqlWords['text'] = (column, ...path) => {
  const [last = '', ...before] = [...path].reverse();
  return `(${[column, ...before.reverse().map(quote)].join(' -> ')} ->> ${quote(last)})`;
};

/** What DuckDB and Postgres both understand. */
const common = {
  text,
  first: (column, where) => `(array_agg(${column} ORDER BY timestamp, message_id) FILTER (WHERE ${where}))[1]`,
  last: (column, where) => `(array_agg(${column} ORDER BY timestamp DESC, message_id DESC) FILTER (WHERE ${where}))[1]`,
  mode: (column, where) => `mode() WITHIN GROUP (ORDER BY ${column}) FILTER (WHERE ${where})`,
  median: (column, where) => `percentile_cont(0.5) WITHIN GROUP (ORDER BY ${column}) FILTER (WHERE ${where})`,
  seconds: (from, to) => `CAST(extract(epoch FROM (${to} - ${from})) AS DOUBLE PRECISION)`,
  period: (by, moment) => `CAST(date_trunc('${by}', ${moment} AT TIME ZONE 'UTC') AS DATE)`,
  host: (url) => `split_part(split_part(${url}, '/', 3), ':', 1)`,
} satisfies Partial<SqlWords>;

// What is no text in JSON is told as JSON, as the others' arrow does.
const textInClickHouse: SqlWords['text'] = (column, ...path) =>
  `JSONExtract(${[column, ...path.map(quoteInClickHouse)].join(', ')}, 'Nullable(String)')`;

const words: { readonly [dialect in SqlDialect]: SqlWords } = {
  duckdb: {
    ...common,
    ...typedWords.duckdb(text),
    number: (...field) =>
      `CASE WHEN regexp_matches(${text(...field)}, '${numeric}') THEN TRY_CAST(${text(...field)} AS DOUBLE PRECISION) END`,
    quote,
  },
  postgres: {
    ...common,
    ...typedWords.postgres(text),
    number: (...field) =>
      `CASE WHEN ${text(...field)} ~ '${numeric}' THEN CAST(${text(...field)} AS DOUBLE PRECISION) END`,
    // A backslash is only itself where the server's settings say so; after an E it is always the same.
    quote: (value) => (value.includes('\\') ? `E${quote(value.replaceAll('\\', '\\\\'))}` : quote(value)),
  },
  clickhouse: {
    ...typedWords.clickhouse(textInClickHouse),
    text: textInClickHouse,
    // In a tuple, because NULL is passed over otherwise.
    first: (column, where) => `tupleElement(argMinIf(tuple(${column}), (timestamp, message_id), ${where}), 1)`,
    last: (column, where) => `tupleElement(argMaxIf(tuple(${column}), (timestamp, message_id), ${where}), 1)`,
    mode: (column, where) => {
      // Values in their order, and how often each is there.
      const counts = `sumMapIf([assumeNotNull(${column})], [1], (${where}) AND ${column} IS NOT NULL)`;
      return `nullIf(arrayElement(${counts}.1, indexOf(${counts}.2, arrayMax(${counts}.2))), '')`;
    },
    median: (column, where) => `quantileExactInclusiveIf(0.5)(${column}, ${where})`,
    seconds: (from, to) => `(toUnixTimestamp64Milli(${to}) - toUnixTimestamp64Milli(${from})) / 1000`,
    period: (by, moment) => `${by === 'week' ? 'toMonday' : 'toDate'}(${moment})`,
    host: (url) => `domain(${url})`,
    number: (...field) =>
      `CASE WHEN match(${textInClickHouse(...field)}, '${numeric}') THEN toFloat64OrNull(${textInClickHouse(...field)}) END`,
    quote: quoteInClickHouse,
  },
};

/** By its own defaults ClickHouse has no NULL where others do, and takes a name for an alias before a column. */
const endings: { readonly [dialect in SqlDialect]: string } = {
  duckdb: '',
  postgres: '',
  clickhouse:
    '\nSETTINGS join_use_nulls = 1, aggregate_functions_null_for_empty = 1, cast_keep_nullable = 1, prefer_column_name_to_alias = 1',
};
