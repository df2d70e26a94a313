import { columns } from './event-row.ts';

interface CompactReply {
  readonly meta: readonly { readonly name: string; readonly type: string }[];
  readonly data: readonly (readonly unknown[])[];
}

/** A reply in the format JSONCompact as plain JavaScript; nothing, for a statement that has no rows. */
export function plainRows(reply: string): readonly Record<string, unknown>[] {
  if (reply.trim() === '') return [];
  const { meta, data } = JSON.parse(reply) as CompactReply;
  const readers = meta.map(({ name, type }) => readerOf(name, type));
  return data.map((row) =>
    Object.fromEntries(row.map((value, index) => [meta[index]?.name ?? '', readers[index]?.(value)])),
  );
}

type Reader = (value: unknown) => unknown;

const jsonColumns = new Set(columns.flatMap(({ name, type }) => (type === 'JSON' ? [name] : [])));

function readerOf(name: string, type: string): Reader {
  const [, inner] = /^(?:Nullable|LowCardinality)\((.*)\)$/.exec(type) ?? [];
  if (inner !== undefined) {
    const read = readerOf(name, inner);
    return (value) => (value === null ? null : read(value));
  }
  const [, item] = /^Array\((.*)\)$/.exec(type) ?? [];
  if (item !== undefined) {
    const read = readerOf('', item);
    return (value) => (value as unknown[]).map(read);
  }
  if (/^U?Int\d/.test(type)) return wholeNumber;
  if (/^Decimal/.test(type)) return Number;
  // Servers before 20 write what the zone's clock shows; of other zones than UTC that is no moment.
  if (/^DateTime/.test(type)) return (value) => momentOf(String(value), type);
  // Text like any other to ClickHouse; under its own name it is what it is in the other warehouses.
  return type === 'String' && jsonColumns.has(name) ? parsed : (value) => value;
}

function wholeNumber(value: unknown): unknown {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function momentOf(text: string, type: string): Date | string {
  if (text.endsWith('Z')) return new Date(text);
  return type.includes(`'UTC'`) ? new Date(`${text.replace(' ', 'T')}Z`) : text;
}

function parsed(value: unknown): unknown {
  try {
    return JSON.parse(String(value)) as unknown;
  } catch {
    return value; // an expression of the same name
  }
}
