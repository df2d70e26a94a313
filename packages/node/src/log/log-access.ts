import type { BatchSize, StoredBatch } from './batch-table.ts';
import { LogUnavailableError } from './log.ts';
import type { LogRange } from './log-range.ts';
import type { LogStore } from './log-store.ts';
import type { RecordPage } from './record.ts';

/** The ways through a log that is in use: in steps that give way to appends, and in writes that are whole or nothing. */
export interface LogAccess {
  /** @throws LogUnavailableError once closed */
  requireOpen(): void;
  /** All of it, or nothing. */
  write(work: () => void): void;
  /** Batches of a range without their bodies, oldest first, some at a time. */
  sizes(range: LogRange): AsyncGenerator<readonly BatchSize[]>;
  batches(range: LogRange): AsyncGenerator<StoredBatch>;
  /** Every record of a kind, from the newest to the oldest. */
  all<T extends { readonly id: number }>(read: (page: RecordPage) => readonly T[]): Generator<T>;
}

/** Batches that are read or written before appends get their turn. */
const rowsAtOnce = 64;

const giveWay = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function createLogAccess(store: LogStore, isClosed: () => boolean): LogAccess {
  function requireOpen(): void {
    if (isClosed()) throw new LogUnavailableError('The log is closed.');
  }

  async function* sizes({ fromSeq = 0, toSeq = Infinity, fromMs = -Infinity, toMs = Infinity }: LogRange) {
    let after = fromSeq - 1;
    for (;;) {
      requireOpen();
      const rows = store.sizesAfter(after, rowsAtOnce);
      const inRange = rows.filter(({ seq, receivedAt: at }) => seq <= toSeq && at >= fromMs && at <= toMs);
      if (inRange.length > 0) yield inRange;
      const last = rows.at(-1);
      if (last === undefined || last.seq >= toSeq) return;
      after = last.seq;
      await giveWay();
    }
  }

  return {
    requireOpen,
    write(work) {
      requireOpen();
      try {
        store.transaction(work);
      } catch (cause) {
        if (cause instanceof LogUnavailableError || cause instanceof TypeError) throw cause;
        throw new LogUnavailableError('The log could not store that.', { cause });
      }
    },
    sizes,
    async *batches(range) {
      for await (const rows of sizes(range)) {
        for (const { seq } of rows) {
          const batch = isClosed() ? undefined : store.batch(seq);
          if (batch !== undefined) yield batch;
        }
      }
    },
    *all(read) {
      for (let before = Number.MAX_SAFE_INTEGER; ; ) {
        requireOpen();
        const records = read({ limit: rowsAtOnce, before });
        yield* records;
        const oldest = records.at(-1);
        if (oldest === undefined) return;
        before = oldest.id;
      }
    },
  };
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // cut to the log's cap, or damaged at rest
  }
}

/** The events of a batch; `null` stands where one was erased. */
export function eventsIn(body: string): readonly unknown[] {
  return (jsonOf(body) as { batch: unknown[] } | undefined)?.batch ?? [];
}
