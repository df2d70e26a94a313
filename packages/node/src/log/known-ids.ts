import type { AcceptedBatch } from './accepted-batch.ts';
import { textOf } from './batch-body.ts';
import { createIdWindow } from './id-window.ts';
import { eventsIn } from './log-access.ts';
import type { LogStore } from './log-store.ts';

/** What one transaction makes of a batch: without the ids that were there before, and which those are. */
export type Sieve = (
  batch: AcceptedBatch,
  hashes: Uint32Array,
) => { readonly kept: AcceptedBatch; readonly duplicates: readonly string[] };

/** Which ids the log holds: a hash in memory says where to look, the row itself is the proof. */
export interface KnownIds {
  /** What the row `seq` has brought; not lower than any before. */
  remember(seq: number, hashes: Uint32Array): void;
  /** The rows up to `seq` are gone. */
  forgetThrough(seq: number): void;
  /** For one transaction, which also knows the ids that it has seen itself. */
  sieve(): Sieve;
}

/** Begins with the newest `maxIds` ids that are stored. */
export function createKnownIds(store: Pick<LogStore, 'newestIds' | 'body'>, maxIds: number): KnownIds {
  const window = createIdWindow(Math.ceil(maxIds));
  rememberStored();

  function rememberStored(): void {
    const newest: { seq: number; hashes: Uint32Array }[] = [];
    let count = 0;
    for (const { seq, ids } of store.newestIds()) {
      const hashes = new Uint32Array(ids.slice().buffer);
      newest.push({ seq, hashes });
      count += hashes.length / 2;
      if (count >= maxIds) break;
    }
    for (const { seq, hashes } of newest.reverse()) remember(seq, hashes);
  }

  function remember(seq: number, hashes: Uint32Array): void {
    for (let at = 0; at < hashes.length; at += 2) window.add(hashes[at] as number, hashes[at + 1] as number, seq);
  }

  function sieve(): Sieve {
    const fresh = new Set<string>();
    const bodies = new Map<number, ReadonlySet<string>>();

    /** The ids in a stored row; each row is read once in a transaction. */
    function idsOf(seq: number): ReadonlySet<string> {
      const read = bodies.get(seq);
      if (read !== undefined) return read;
      // What was damaged at rest has none: what it held may come again.
      const events = eventsIn(store.body(seq) ?? '') as readonly ({ readonly messageId: string } | null)[];
      const ids = new Set(events.flatMap((event) => (event === null ? [] : [event.messageId])));
      bodies.set(seq, ids);
      return ids;
    }

    return (batch, hashes) => {
      const places = new Set<number>();
      window.warm(hashes);
      for (const [place, id] of batch.ids.entries()) {
        const stored = window.find(hashes[place * 2] as number, hashes[place * 2 + 1] as number);
        if (fresh.has(id) || stored.some((seq) => idsOf(seq).has(id))) places.add(place);
        else fresh.add(id);
      }
      if (places.size === 0) return { kept: batch, duplicates: [] };
      const isKept = (_: unknown, place: number): boolean => !places.has(place);
      const { batch: events } = JSON.parse(textOf(batch.body)) as { batch: unknown[] };
      return {
        kept: { ...batch, ids: batch.ids.filter(isKept), body: JSON.stringify({ batch: events.filter(isKept) }) },
        duplicates: batch.ids.filter((_, place) => places.has(place)),
      };
    };
  }

  return { remember, forgetThrough: window.forgetThrough, sieve };
}
