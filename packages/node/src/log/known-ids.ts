import type { AcceptedBatch } from './accepted-batch.ts';
import { textOf } from './batch-body.ts';
import { createIdWindow } from './id-window.ts';
import { eventsIn } from './log-access.ts';
import type { LogStore } from './log-store.ts';

/** A batch without the ids that were there before, and which those are. */
export interface Sieved {
  readonly kept: AcceptedBatch;
  readonly duplicates: readonly string[];
}

/** What the ids of one transaction are held against: all that is stored, and each other. */
export interface Sieve {
  /**
   * From now on the ids that are kept are known.
   *
   * @param hashes - of the batch's ids
   * @param seq - the row that is to hold what is kept; not lower than any before
   */
  sift(batch: AcceptedBatch, hashes: Uint32Array, seq: number): Sieved;
  /** All of it is on disk. */
  settle(): void;
  /** Nothing of it was stored: its ids are as unknown as before. */
  rollBack(): void;
}

/** Which ids the log holds: a hash in memory says where to look, the row itself is the proof. */
export interface KnownIds {
  /** For one transaction, inside which it reads. */
  sieve(): Sieve;
  /** The rows up to `seq` are gone. */
  forgetThrough(seq: number): void;
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
    for (const { seq, hashes } of newest.reverse()) {
      for (let at = 0; at < hashes.length; at += 2) window.add(hashes[at] as number, hashes[at + 1] as number, seq);
      window.settle();
    }
  }

  function sieve(): Sieve {
    const bodies = new Map<number, ReadonlySet<string>>();
    const sifted: { readonly seq: number; readonly hashes: Uint32Array; readonly repeated: ReadonlySet<number> }[] = [];

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

    /** Marks the ids that are stored, or stand in the batch once more before that; the others are known from now on. */
    function markRepeated({ ids }: AcceptedBatch, hashes: Uint32Array, seq: number, repeated: Set<number>): void {
      window.warm(hashes);
      for (let place = 0; place < ids.length; place++) {
        const id = ids[place] as string;
        const high = hashes[place * 2] as number;
        const low = hashes[place * 2 + 1] as number;
        const rows = window.find(high, low);
        if (rows.some((row) => (row === seq ? ids.indexOf(id) < place : idsOf(row).has(id)))) repeated.add(place);
        // At once, and not after the commit: by then its place in memory would be far away again.
        else window.add(high, low, seq);
      }
    }

    return {
      sift(batch, hashes, seq) {
        const repeated = new Set<number>();
        sifted.push({ seq, hashes, repeated });
        markRepeated(batch, hashes, seq, repeated);
        if (repeated.size === 0) return { kept: batch, duplicates: [] };
        const isKept = (_: unknown, place: number): boolean => !repeated.has(place);
        const { batch: events } = JSON.parse(textOf(batch.body)) as { batch: unknown[] };
        return {
          kept: { ...batch, ids: batch.ids.filter(isKept), body: JSON.stringify({ batch: events.filter(isKept) }) },
          duplicates: batch.ids.filter((_, place) => repeated.has(place)),
        };
      },
      settle: window.settle,
      rollBack() {
        for (const { seq, hashes, repeated } of sifted.reverse()) {
          for (let place = hashes.length / 2 - 1; place >= 0; place--) {
            if (repeated.has(place)) continue;
            window.takeBack(hashes[place * 2] as number, hashes[place * 2 + 1] as number, seq);
          }
        }
      },
    };
  }

  return { sieve, forgetThrough: window.forgetThrough };
}
