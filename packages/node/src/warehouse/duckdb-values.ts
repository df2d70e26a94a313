import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBDecimalValue,
  type DuckDBResultReader,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBValueConverter,
  HUGEINT,
  JSDuckDBValueConverter,
  type Json,
  JsonDuckDBValueConverter,
  LIST,
  listValue,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api';

/**
 * A result's rows as plain JavaScript, fit for `JSON.stringify`: whole numbers as numbers (as text beyond 2^53), decimals
 * as numbers, moments as `Date`, dates as `YYYY-MM-DD`, JSON parsed, lists and structs as arrays and objects.
 */
export function plainRows(reader: DuckDBResultReader): readonly Record<string, unknown>[] {
  const names = reader.deduplicatedColumnNames();
  // The reader's own conversion takes types from its chunks, and those no longer know which text is JSON.
  const types = reader.columnTypes();
  return reader
    .getRows()
    .map((row) =>
      Object.fromEntries(
        row.map((value, column) => [names[column], plainValue(value, types[column] as DuckDBType, plainValue)]),
      ),
    );
}

const plainValue: DuckDBValueConverter<Plain> = (value, type, converter) => {
  if (value === null) return null;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof DuckDBDecimalValue) return value.toDouble();
  if (isMoment(value))
    return value.isFinite ? (JSDuckDBValueConverter(value, type, JSDuckDBValueConverter) as Date) : String(value);
  if (type.alias === 'JSON') return parsed(String(value));
  // It makes lists and structs of whatever we make of what is in them.
  return JsonDuckDBValueConverter(value, type, converter as DuckDBValueConverter<Json>);
};

/** Anything `JSON.stringify` takes. */
type Plain = Json | Date;

/** What a query's placeholders stand for, and of what type: left out where the value tells. */
export function parametersOf(params: readonly unknown[] | Readonly<Record<string, unknown>>): {
  readonly values: DuckDBValue[] | Record<string, DuckDBValue>;
  readonly types: DuckDBType[] | Record<string, DuckDBType>;
} {
  if (Array.isArray(params)) {
    return {
      values: params.map((value, index) => parameterValue(value, index + 1)),
      types: params.map(typeOf) as DuckDBType[],
    };
  }
  const entries = Object.entries(params);
  return {
    values: Object.fromEntries(entries.map(([key, value]) => [key, parameterValue(value, key)])),
    types: Object.fromEntries(entries.map(([key, value]) => [key, typeOf(value)])) as Record<string, DuckDBType>,
  };
}

function typeOf(value: unknown): DuckDBType | undefined {
  if (Array.isArray(value)) return LIST(itemTypeOf(value));
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? DOUBLE : undefined;
}

/** The client would ask the first item alone, which may be none, or smaller or rounder than those after it. */
function itemTypeOf(items: readonly unknown[]): DuckDBType {
  if (items.some(Array.isArray)) return LIST(itemTypeOf(items.flat()));
  const known = items.filter((item) => item !== undefined && item !== null);
  const [first] = known;
  if (typeof first === 'number') return known.every(Number.isSafeInteger) ? BIGINT : DOUBLE;
  if (typeof first === 'boolean') return BOOLEAN;
  if (typeof first === 'bigint') return HUGEINT;
  return first instanceof Date ? TIMESTAMPTZ : VARCHAR;
}

function parameterValue(value: unknown, name: string | number): DuckDBValue {
  if (value === undefined || value === null) return null;
  if (
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    typeof value === 'bigint'
  ) {
    return value;
  }
  if (value instanceof Date && !Number.isNaN(value.getTime())) {
    return new DuckDBTimestampTZValue(BigInt(value.getTime()) * 1_000n);
  }
  if (Array.isArray(value)) return listValue(value.map((item) => parameterValue(item, name)));
  throw new TypeError(
    `query(): parameter ${name}: expected text, number, boolean, Date, null or a list, got ${typeof value}`,
  );
}

function isMoment(value: DuckDBValue): value is DuckDBTimestampTZValue {
  return (
    value instanceof DuckDBTimestampTZValue ||
    value instanceof DuckDBTimestampValue ||
    value instanceof DuckDBTimestampMillisecondsValue ||
    value instanceof DuckDBTimestampSecondsValue ||
    value instanceof DuckDBTimestampNanosecondsValue
  );
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text; // written by someone else
  }
}
