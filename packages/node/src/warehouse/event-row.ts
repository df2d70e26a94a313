import type { CollectedEvent } from '@org/track-core';

/** A cell of a row: text, a moment in microseconds since the epoch, or nothing. */
export type Cell = string | bigint | null;

type ColumnType = 'VARCHAR' | 'TIMESTAMPTZ' | 'JSON';

interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly cellOf: (event: EventFields) => Cell;
}

/** The event as its fields really are: `context` is free, and nobody has checked what lies in it. */
export type EventFields = { readonly [field in AnyKey<CollectedEvent>]?: unknown };
type AnyKey<Union> = Union extends unknown ? keyof Union : never;

const textColumn = (name: string, read: (event: EventFields) => unknown): Column => ({
  name,
  type: 'VARCHAR',
  cellOf: (event) => textOf(read(event)),
});

const timeColumn = (name: string, read: (event: EventFields) => unknown): Column => ({
  name,
  type: 'TIMESTAMPTZ',
  cellOf: (event) => microsOf(read(event)),
});

const jsonColumn = (name: string, read: (event: EventFields) => unknown): Column => ({
  name,
  type: 'JSON',
  cellOf: (event) => jsonOf(read(event)),
});

/** Where each column of `events` comes from. What is no column of its own is still in `context`. */
export const columns: readonly Column[] = [
  textColumn('message_id', (event) => idOf(event.messageId)),
  textColumn('type', (event) => event.type),
  textColumn('event', (event) => event.event),
  textColumn('name', (event) => event.name),
  textColumn('category', (event) => event.category),
  textColumn('anonymous_id', (event) => event.anonymousId),
  textColumn('user_id', (event) => event.userId),
  textColumn('group_id', (event) => event.groupId),
  textColumn('previous_id', (event) => event.previousId),
  textColumn('session_id', (event) => fieldOf(fieldOf(event.context, 'session'), 'id')),
  timeColumn('timestamp', (event) => event.timestamp),
  timeColumn('original_timestamp', (event) => event.originalTimestamp),
  timeColumn('sent_at', (event) => event.sentAt),
  timeColumn('received_at', (event) => event.receivedAt),
  textColumn('source', (event) => event.source),
  textColumn('page_url', (event) => fieldOf(fieldOf(event.context, 'page'), 'url')),
  textColumn('page_path', (event) => fieldOf(fieldOf(event.context, 'page'), 'path')),
  textColumn('page_title', (event) => fieldOf(fieldOf(event.context, 'page'), 'title')),
  textColumn('page_referrer', (event) => fieldOf(fieldOf(event.context, 'page'), 'referrer')),
  textColumn('locale', (event) => fieldOf(event.context, 'locale')),
  textColumn('ip', (event) => fieldOf(event.context, 'ip')),
  textColumn('user_agent', (event) => fieldOf(event.context, 'userAgent')),
  jsonColumn('properties', (event) => event.properties),
  jsonColumn('traits', (event) => event.traits),
  jsonColumn('context', (event) => event.context),
  jsonColumn('integrations', (event) => event.integrations),
];

/** Without these a row answers no question; an event that lacks one cannot be stored. */
const requiredNames = ['message_id', 'type', 'timestamp', 'received_at', 'source'];
const required = columns.flatMap(({ name }, index) => (requiredNames.includes(name) ? [{ name, index }] : []));

/** The event's row, in the order of `columns`, or why it has none: `timestamp-unreadable`, `not-json` … */
export function rowOf(event: CollectedEvent): { readonly row: readonly Cell[] } | { readonly reason: string } {
  let row: readonly Cell[];
  try {
    row = columns.map(({ cellOf }) => cellOf(event));
  } catch {
    return { reason: 'not-json' }; // a cycle, a BigInt, a toJSON that throws
  }
  const missing = required.find(({ index }) => row[index] === null);
  return missing === undefined ? { row } : { reason: `${missing.name}-unreadable` };
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as { readonly [field: string]: unknown })[field]
    : undefined;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? storableText(value) : null;
}

/** Two ids must not become one: what would have to be changed is none. */
function idOf(value: unknown): unknown {
  return typeof value === 'string' && storableText(value) !== value ? null : value;
}

/** Text that every warehouse takes, and gives back as it was: a zero character or half a surrogate pair becomes U+FFFD. */
export function storableText(text: string): string {
  // Asked first, because nearly all text is fine, and a pattern looks at each character.
  return text.isWellFormed() && !text.includes('\0') ? text : text.replace(unstorableCharacter, '\ufffd');
}

// With the flag `u` whole pairs are characters of their own, which are not in this range.
const unstorableCharacter = /[\0\ud800-\udfff]/gu;

/** The years in which every warehouse can tell two moments apart. */
const [earliestMs, endMs] = [Date.UTC(1900), Date.UTC(2300)];

function microsOf(value: unknown): bigint | null {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return ms >= earliestMs && ms < endMs ? BigInt(ms) * 1_000n : null;
}

/**
 * JSON text that every warehouse can read again, and reads the same. One stores JSON as it comes and refuses half a
 * surrogate pair when a query looks into it, which would break every query over the column; another refuses a zero
 * character at once. `JSON.stringify` escapes exactly those.
 */
function jsonOf(value: unknown): string | null {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined || text === 'null') return null;
  if (!(text.includes('\\ud') || text.includes('\\u0000'))) return text;
  const clean = text.replace(unstorable, '$1\\ufffd');
  // Two keys may have become one; of two that are the same, databases do not agree which counts.
  return clean === text ? text : JSON.stringify(JSON.parse(clean));
}

/** The escape of half a pair, or of a zero character; not an escaped backslash followed by the same letters. */
const unstorable = /(?<!\\)((?:\\\\)*)\\u(?:d[89a-f][0-9a-f]{2}|0000)/g;
