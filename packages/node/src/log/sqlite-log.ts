import type { AcceptedBatch, Appended } from './accepted-batch.ts';
import { bytesOf } from './batch-body.ts';
import { hashIds } from './id-window.ts';
import { createKnownIds } from './known-ids.ts';
import { type Log, type LogStats, LogUnavailableError } from './log.ts';
import { createLogAccess } from './log-access.ts';
import { createLogConsumer, type LogConsumer } from './log-consumer.ts';
import { createLogErasures } from './log-erasures.ts';
import { eventBytesOf } from './log-reader.ts';
import { createLogRecords } from './log-records.ts';
import { openLogStore, type Removed } from './log-store.ts';
import { createSuppression } from './suppression.ts';

export interface SqliteLogOptions {
  /**
   * How long batches stay after every consumer is past them, and so how long a repeated id is recognised; also how long
   * quarantined events and dead letters stay. Milliseconds, default 7 days.
   */
  readonly retentionMs?: number;
  /** How many of the newest ids are recognised at least when they come again. Default 1,000,000, which takes 18 MB of memory. */
  readonly dedupeIds?: number;
  /**
   * The file's greatest size; beyond it nothing is accepted until retention makes room. Bytes, default: the disk's end.
   * The write-ahead log beside it takes up to about 20 MB more.
   */
  readonly maxBytes?: number;
  /** Wall clock, epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

const weekMs = 7 * 24 * 60 * 60_000;

/** How often the log looks for batches it may remove, milliseconds. */
const removalEveryMs = 60_000;

/** Rows removed with one commit, unless more than half as many come in: retention never holds up an answer. */
const removalsPerCommit = 64;

/** A batch that waits for the next commit. */
interface Append {
  readonly batch: AcceptedBatch;
  readonly hashes: Uint32Array;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: LogUnavailableError) => void;
}

/** What the running transaction adds, once it is on disk. */
interface Written {
  readonly count: number;
  readonly bytes: number;
}

/**
 * The log in one SQLite file: durable against power cuts (`synchronous=FULL`), one row for each batch, one commit for
 * all batches that arrive together. The file belongs to one process at a time; its folder is made if needed.
 *
 * `dedupeIds` ids are known by a hash in memory, rebuilt at start; a hit is looked up in the row itself, so two ids with
 * one hash are still two events.
 *
 * @throws TypeError if an option is wrong
 * @throws Error if the file cannot be opened, is not a log, or another process has it open
 */
export function sqliteLog(path: string, options: SqliteLogOptions = {}): Log {
  const { retentionMs = weekMs, dedupeIds = 1_000_000, maxBytes, now = Date.now } = options;
  if (typeof path !== 'string' || path === '')
    throw new TypeError(`sqliteLog: path: expected a file's path, got ${path}`);
  requirePositive('retentionMs', retentionMs);
  requirePositive('dedupeIds', dedupeIds);
  if (maxBytes !== undefined) requirePositive('maxBytes', maxBytes);

  const store = openLogStore(path, maxBytes);
  const known = createKnownIds(store, dedupeIds);
  const consumers = new Map<string, LogConsumer>();
  const totals: { -readonly [key in keyof LogStats]: LogStats[key] } = store.totals();
  let lastSeq = store.lastSeq();
  let appends: Append[] = [];
  let commitHeard: (() => void)[] = [];
  let scheduled = false;
  let removalDueAt = 0;
  let closed = false;

  /** A clock that ran ahead, and was set right, must not put it off for as long as it was wrong. */
  const isRemovalDue = (nowMs: number): boolean => nowMs >= removalDueAt || removalDueAt - nowMs > removalEveryMs;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    // Not at once: whatever else this turn of the event loop brings shares the commit.
    setImmediate(commit);
  }

  function commitSoon(): Promise<void> {
    if (closed) return Promise.resolve();
    return new Promise((resolve) => {
      commitHeard.push(resolve);
      schedule();
    });
  }

  function commit(): void {
    scheduled = false;
    if (closed) return;
    const group = appends;
    const heard = commitHeard;
    appends = [];
    commitHeard = [];
    try {
      write(group);
    } catch (cause) {
      const error = new LogUnavailableError(`The log could not store ${group.length} batches.`, { cause });
      for (const { reject } of group) reject(error);
      if (group.length > 0) writeTheRest();
    }
    for (const resolve of heard) resolve();
  }

  /** What was settled, and what retention takes away, may fit where a new batch did not: so a full disk gets room again. */
  function writeTheRest(): void {
    try {
      write([]);
    } catch {
      // Kept, and written with the next commit.
    }
  }

  /** One transaction. Memory follows only once it is on disk, save for ids, which are taken back if it never is. */
  function write(group: readonly Append[]): void {
    const dirty = [...consumers.values()].filter((consumer) => consumer.isDirty());
    const nowMs = now();
    if (group.length === 0 && dirty.length === 0 && !isRemovalDue(nowMs)) return;
    const maxRemovals = Math.max(removalsPerCommit, group.length * 2);
    const sieve = known.sieve();
    const written: Written[] = [];
    const appended: Appended[] = [];
    let seq = lastSeq;
    let quarantined = 0;
    let deadLetters = 0;
    let removed: Removed | undefined;

    try {
      store.transaction(() => {
        for (const { batch, hashes } of group) {
          for (const event of batch.quarantined ?? []) {
            quarantined += store.insertQuarantined(event, batch.facts);
          }
          const { kept, duplicates } = sieve.sift(batch, hashes, seq + 1);
          appended.push({ duplicates });
          const count = kept.ids.length;
          if (count === 0) continue;
          const keptHashes = kept === batch ? hashes : hashIds(kept.ids);
          const bytes = bytesOf(kept.body);
          store.insertBatch(++seq, kept, new Uint8Array(keptHashes.buffer), bytes);
          written.push({ count, bytes });
        }
        for (const consumer of dirty) deadLetters += consumer.save(nowMs);
        if (isRemovalDue(nowMs)) removed = store.remove(nowMs - retentionMs, maxRemovals);
      });
    } catch (error) {
      sieve.rollBack();
      throw error;
    }

    sieve.settle();
    lastSeq = seq;
    totals.quarantined += quarantined;
    totals.deadLetters += deadLetters;
    for (const consumer of dirty) consumer.onSaved();
    for (const { count, bytes } of written) {
      totals.batches++;
      totals.events += count;
      for (const consumer of consumers.values()) consumer.onCommitted(count, count * eventBytesOf({ bytes, count }));
    }
    if (removed !== undefined) forget(removed, nowMs, maxRemovals);
    for (const [index, { resolve }] of group.entries()) resolve(appended[index] as Appended);
  }

  function forget(removed: Removed, nowMs: number, maxRemovals: number): void {
    known.forgetThrough(removed.lastSeq);
    totals.batches -= removed.batches;
    totals.events -= removed.events;
    totals.quarantined -= removed.quarantined;
    totals.deadLetters -= removed.deadLetters;
    if (removed.batches < maxRemovals) removalDueAt = nowMs + removalEveryMs;
  }

  const isClosed = (): boolean => closed;
  const suppression = createSuppression(store, now, isClosed);

  const access = createLogAccess(store, isClosed);
  const records = createLogRecords({
    store,
    access,
    consumers,
    suppress: suppression.add,
    commit,
    isClosed,
    onRemoved(removed) {
      totals.quarantined -= removed.quarantined ?? 0;
      totals.deadLetters -= removed.deadLetters ?? 0;
    },
  });

  return {
    suppression,
    records,
    erasures: createLogErasures({ store, access, people: records, suppress: suppression.add, now }),
    append(batch) {
      if (closed) return Promise.reject(new LogUnavailableError('The log is closed.'));
      return new Promise((resolve, reject) => {
        appends.push({ batch, hashes: hashIds(batch.ids), resolve, reject });
        schedule();
      });
    },
    consumer(name, { purposeOf }) {
      if (closed) throw new LogUnavailableError('The log is closed.');
      if (consumers.has(name)) throw new Error(`sqliteLog: consumer "${name}" is open already; a name reads once.`);
      store.addConsumer(name);
      const onClosed = (): void => void consumers.delete(name);
      const isSuppressed = suppression.has;
      const consumer = createLogConsumer({ name, store, isSuppressed, purposeOf, commitSoon, onClosed });
      consumers.set(name, consumer);
      return consumer.outbox;
    },
    quarantined: (limit) =>
      closed ? [] : store.quarantined({ limit }).map(({ id: _id, facts: _facts, ...event }) => event),
    stats: () => ({ ...totals }),
    async probe() {
      if (closed) throw new LogUnavailableError('The log is closed.');
      try {
        store.transaction(store.probe);
      } catch {
        // Retention may have room to give that no append has asked for.
        writeTheRest();
        try {
          store.transaction(store.probe);
        } catch (cause) {
          throw new LogUnavailableError('The log could not store anything.', { cause });
        }
      }
    },
    progress: (consumer) => (closed ? undefined : store.progress(consumer)),
    async close() {
      if (closed) return;
      commit();
      closed = true;
      store.close();
    },
  };
}

function requirePositive(option: string, value: number): void {
  if (typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY) return;
  throw new TypeError(`sqliteLog: ${option}: expected a number above 0, got ${String(value)}`);
}
