import { types } from 'pg';

const wholeNumber = (text: string): number | string => (Number.isSafeInteger(Number(text)) ? Number(text) : text);
type Parser = (text: string) => unknown;
const same: Parser = (text) => text;
/** What has no zone is UTC, and not the zone of this machine. */
const moment: Parser = (text) =>
  types.getTypeParser(types.builtins.TIMESTAMPTZ)(text.replace(/(?<=\d)(?= BC$|$)/, '+00'));

const textLists = 1009;
const listOf =
  (parse: Parser): Parser =>
  (text) =>
    eachOf(types.getTypeParser(textLists as never)(text), parse);

function eachOf(value: unknown, parse: Parser): unknown {
  if (Array.isArray(value)) return value.map((item) => eachOf(item, parse));
  return typeof value === 'string' ? parse(value) : value;
}

/** With the types' numbers, and those of lists of them. https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const plainParsers: ReadonlyMap<number, Parser> = new Map(
  (
    [
      [types.builtins.INT8, 1016, wholeNumber],
      [types.builtins.NUMERIC, 1231, Number],
      [types.builtins.DATE, 1182, same],
      [types.builtins.TIMESTAMP, 1115, moment],
    ] as const
  ).flatMap(([type, list, parse]): [number, Parser][] => [
    [type, parse],
    [list, listOf(parse)],
  ]),
);

/** What a query's values are read by, in place of what the host may have set for its own. */
export const plainTypes = {
  getTypeParser: (id: number, format?: 'text' | 'binary') => plainParsers.get(id) ?? types.getTypeParser(id, format),
} as typeof types;
