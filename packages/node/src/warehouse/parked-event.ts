import { createHash } from 'node:crypto';
import type { CollectedEvent } from '@org/track-core';
import { type Cell, type EventFields, rowOf, storableText } from './event-row.ts';

/** An event as a row of `events`. */
export interface StoredRow {
  readonly event: CollectedEvent;
  readonly row: readonly Cell[];
}

/** An event that cannot be a row, and why. */
export interface ParkedEvent {
  readonly event: CollectedEvent;
  readonly reason: string;
}

/**
 * What can be a row, and what is to be parked. Of several with one id the first counts, whichever it is: which of them
 * travel together is a matter of luck.
 */
export function rowsOf(events: readonly CollectedEvent[]): { readonly rows: StoredRow[]; readonly odd: ParkedEvent[] } {
  const rows: StoredRow[] = [];
  const odd: ParkedEvent[] = [];
  const seen = new Set<string>();
  for (const event of events) {
    if (seen.has(event.messageId)) continue;
    seen.add(event.messageId);
    const made = rowOf(event);
    if ('row' in made) rows.push({ event, row: made.row });
    else odd.push({ event, reason: made.reason });
  }
  return { rows, odd };
}

export interface InsertOptions {
  /** Stores all of them, or rejects and stores none. */
  readonly insert: (rows: readonly (readonly Cell[])[]) => Promise<void>;
  /** Why the database does not take what is in a row; `undefined` if the fault is its own. */
  readonly refusalOf: (error: unknown) => string | undefined;
}

/** Stores the rows; resolves with those refused. Halving finds them: one bad row costs neither the batch nor a commit for each. */
export async function insertRows(
  rows: readonly StoredRow[],
  { insert, refusalOf }: InsertOptions,
): Promise<readonly ParkedEvent[]> {
  if (rows.length === 0) return [];
  try {
    await insert(rows.map(({ row }) => row));
    return [];
  } catch (error) {
    const reason = refusalOf(error);
    if (reason === undefined) throw error;
    const [only] = rows;
    if (rows.length === 1 && only) return [{ event: only.event, reason }];
    const half = rows.length >> 1;
    const options = { insert, refusalOf };
    return [...(await insertRows(rows.slice(0, half), options)), ...(await insertRows(rows.slice(half), options))];
  }
}

/** The columns of `parked` that an event fills, all of them text. */
export const parkedColumns = [
  'key',
  'reason',
  'message_id',
  'anonymous_id',
  'user_id',
  'previous_id',
  'event',
] as const;

/** An event's row in `parked`, in the order of `parkedColumns`: what it is, whose it is, and all of it as it came. */
export function parkedRow({ event, reason }: ParkedEvent): readonly (string | null)[] {
  const { messageId, anonymousId, userId, previousId }: EventFields = event;
  // Its id may be what is odd about it; a hash of it is as unique.
  const key = createHash('sha256').update(String(messageId)).digest('hex');
  return [
    key,
    reason,
    storedId(messageId),
    storedId(anonymousId),
    storedId(userId),
    storedId(previousId),
    textOf(event),
  ];
}

/** An id as columns have it. */
export const storedId = (id: unknown): string | null => (typeof id === 'string' ? storableText(id) : null);

function textOf(event: CollectedEvent): string {
  try {
    return JSON.stringify(event); // a zero character is an escape here, and half a pair too
  } catch {
    return JSON.stringify({ messageId: event.messageId }); // a circle, which no event from a log has
  }
}
