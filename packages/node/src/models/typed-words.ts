import type { PropertyType } from './property-types.ts';

/** Words for properties of which the plan knows the type. */
export interface TypedWords {
  /** What JSON says a property is (`string`, `number`, `boolean`, `object`, `array`); NULL where it is null or not there. */
  kind(property: string): string;
  /** A property as a value of that type; NULL where it is none. `any` is text. */
  typed(type: PropertyType, property: string): string;
}

type TextOf = (column: 'properties', property: string) => string;

/** What the databases say differently of types. */
interface Casts {
  readonly kind: (property: string) => string;
  readonly matches: (text: string, pattern: string) => string;
  readonly double: (text: string) => string;
  readonly whole: (text: string) => string;
  readonly moment: (text: string) => string;
  readonly json: (property: string) => string;
}

/** So many digits fit into 64 bits, and every database writes such a number without an exponent. */
const whole = '^-?[0-9]{1,18}$';

/** ISO 8601 with a zone, a day that there is, and a year that rows have: nothing that a cast stumbles over. */
const moment = [
  '^(((19|2[0-2])([02468][48]|[13579][26])|(19|2[0-2])[2468]0|2000)-02-29',
  '|(19|2[0-2])[0-9]{2}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])))',
  'T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[-+](0[0-9]|1[0-4]):[0-5][0-9])$',
].join('');

function wordsOf(text: TextOf, { kind, matches, double, whole: toWhole, moment: toMoment, json }: Casts): TypedWords {
  return {
    kind,
    typed(type, property) {
      const value = text('properties', property);
      const when = (condition: string, then: string): string => `CASE WHEN ${condition} THEN ${then} END`;
      const isKind = (wanted: string): string => `${kind(property)} = '${wanted}'`;
      switch (type) {
        case 'any':
          return value;
        case 'string':
          return when(isKind('string'), value);
        case 'number':
          return when(isKind('number'), double(value));
        case 'integer':
          return when(`${isKind('number')} AND ${matches(value, whole)}`, toWhole(value));
        case 'boolean':
          return when(isKind('boolean'), `CAST(${value} = 'true' AS BOOLEAN)`);
        case 'time':
          return when(`${isKind('string')} AND ${matches(value, moment)}`, toMoment(value));
        default:
          return when(isKind(type), json(property));
      }
    },
  };
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const field = (property: string): string => `(properties -> ${quote(property)})`;

/** By dialect; `text` reads a property as text there. */
export const typedWords: Readonly<Record<'duckdb' | 'postgres' | 'clickhouse', (text: TextOf) => TypedWords>> = {
  duckdb: (text) =>
    wordsOf(text, {
      kind: (property) =>
        `CASE json_type(${field(property)}) WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' WHEN 'NULL' THEN NULL ELSE CASE WHEN ${field(property)} IS NOT NULL THEN 'number' END END`,
      matches: (value, pattern) => `regexp_matches(${value}, '${pattern}')`,
      double: (value) => `TRY_CAST(${value} AS DOUBLE PRECISION)`,
      whole: (value) => `TRY_CAST(${value} AS BIGINT)`,
      moment: (value) => `TRY_CAST(${value} AS TIMESTAMPTZ)`,
      json: field,
    }),
  postgres: (text) =>
    wordsOf(text, {
      kind: (property) => `nullif(jsonb_typeof(${field(property)}), 'null')`,
      matches: (value, pattern) => `${value} ~ '${pattern}'`,
      double: (value) => `CAST(${value} AS DOUBLE PRECISION)`,
      whole: (value) => `CAST(${value} AS BIGINT)`,
      moment: (value) => `CAST(${value} AS TIMESTAMPTZ)`,
      json: field,
    }),
  clickhouse: (text) =>
    wordsOf(text, {
      kind: (property) =>
        `CASE toString(JSONType(ifNull(properties, ''), ${quoteInClickHouse(property)})) WHEN 'String' THEN 'string' WHEN 'Bool' THEN 'boolean' WHEN 'Object' THEN 'object' WHEN 'Array' THEN 'array' WHEN 'Null' THEN NULL ELSE 'number' END`,
      matches: (value, pattern) => `match(${value}, '${pattern}')`,
      double: (value) => `toFloat64OrNull(${value})`,
      whole: (value) => `toInt64OrNull(${value})`,
      moment: (value) => `parseDateTime64BestEffortOrNull(${value}, 3, 'UTC')`,
      json: (property) => `JSONExtractRaw(ifNull(properties, ''), ${quoteInClickHouse(property)})`,
    }),
};

const quoteInClickHouse = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
