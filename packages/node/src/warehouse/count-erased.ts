import type { ErasedRows } from '@org/track-core';

/** Keeps count while rows are deleted. */
export interface Tally {
  /** From here on rows may be gone, and until `areGone` nobody knows. */
  mayBeGone(): void;
  areGone(rows: number): void;
}

/** An erasure that did not do all, and knows what it did. */
export class UnfinishedErasure extends Error {
  override readonly name = 'UnfinishedErasure';
  readonly erasedRows: number;
  constructor(cause: unknown, erasedRows: number) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.erasedRows = erasedRows;
  }
}

/** Runs an erasure, and tells how many rows it took away, also if it fails in the end: unless it fails while nobody knows. */
export async function countErased(erase: (tally: Tally) => Promise<void>): Promise<ErasedRows> {
  let rows = 0;
  let isKnown = true;
  try {
    await erase({
      mayBeGone() {
        isKnown = false;
      },
      areGone(more) {
        rows += more;
        isKnown = true;
      },
    });
    return { rows };
  } catch (error) {
    throw isKnown ? new UnfinishedErasure(error, rows) : error;
  }
}
