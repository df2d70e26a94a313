import type { PersonIds } from './person.ts';

/** How much was erased. */
export interface Erased {
  readonly events: number;
  readonly quarantined: number;
  readonly deadLetters: number;
  /** Devices that were theirs alone: suppressed with them. */
  readonly anonymousIds: readonly string[];
}

/** How much was taken out of each store. */
export type ErasureCounts = Omit<Erased, 'anonymousIds'>;

/** What came of it at one destination. */
export type ErasureState = 'waiting' | 'erased' | 'accepted' | 'unsupported' | 'failed';

/** What an erasure is at: the log's own stores, the destinations, or nothing any more. */
export type ErasureStage = 'log' | 'destinations' | 'done';

/**
 * That somebody was erased, and what came of it; nothing in it says who. Whoever has an id can ask for its receipts: of
 * each id only a hash is kept, with a salt of the receipt's own.
 */
export interface ErasureReceipt extends ErasureCounts {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly askedAt: number;
  /** When the last store or destination was done, or given up. Until then the ids are kept, to go on. */
  readonly finishedAt?: number;
  readonly stage: ErasureStage;
  readonly destinations: readonly {
    readonly destination: string;
    /**
     * `accepted`: it took the wish, deletes in its own time, and counts nothing. `waiting`: asked again and again.
     * `failed`: given up.
     */
    readonly state: ErasureState;
    /** How many rows went. Left out where nobody counts. */
    readonly rows?: number;
    /**
     * In place of `rows` where the number is not known: a process was killed, or a try failed, before it could say what was
     * gone. No fewer than this went.
     */
    readonly rowsAtLeast?: number;
    readonly tries: number;
    /** When it was asked last, and when it is asked again; epoch milliseconds. */
    readonly at?: number;
    readonly nextAt?: number;
    /** What it said, without ids. */
    readonly reason?: string;
  }[];
}

/** How many erasures are not done. */
export interface OpenErasures {
  readonly open: number;
  /** When the oldest of them was asked for, epoch milliseconds; left out if there is none. */
  readonly oldestAskedAt?: number;
}

/** An erasure that is not done. */
export interface OpenErasure {
  readonly id: string;
  readonly askedAt: number;
  readonly stage: ErasureStage;
  readonly person: PersonIds;
  /** Devices that were theirs alone. */
  readonly anonymousIds: readonly string[];
  readonly waiting: readonly { readonly destination: string; readonly tries: number; readonly nextAt: number }[];
}
