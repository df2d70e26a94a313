import type { TrackEvent } from '@org/track-core';
import type { StoredBatch } from './batch-table.ts';
import type { LogStore } from './log-store.ts';

/** A row of which some events still wait for their fate. */
export interface OpenRow {
  readonly seq: number;
  readonly receivedAt: number;
  readonly eventBytes: number;
  /** By place in the batch: 1 if the event's fate is known, 2 if it was about to leave. */
  readonly settled: Uint8Array;
  /** It waits behind all that is new: it was delivered once, or is older than the reader. */
  readonly isOld: boolean;
  open: number;
}

/** The row that is being handed out. */
export interface Page {
  readonly row: OpenRow;
  readonly batch: StoredBatch;
  events: StoredEvents;
  next: number;
}

/** `null` stands where an event was erased. */
export type StoredEvents = readonly (TrackEvent | null)[];

export const isSettled = 1;
export const isBegun = 2;

/**
 * Rows of the log that are read one after the other, and how far that is. Two of them make a reader: what came after it,
 * and what was there before.
 */
interface Front {
  /** The newest row of it. */
  readonly through: number;
  /** Passed, as on disk. */
  passed: number;
  /** The newest row of which something is settled. */
  touched: number;
  /** The newest row opened. */
  read: number;
  readonly save: (seq: number) => void;
}

/** Which row a consumer reads next, and what it has passed for good. */
export interface LogReader {
  /** What waits at the start, weighed. */
  readonly backlog: { readonly events: number; readonly bytes: number };
  /** The next row of what comes first: what an earlier process left in the middle, then what is new. */
  nextNew(): Page | undefined;
  /** The next row of what can wait: first what is delivered once more, then what is older than the reader. */
  nextOld(): Page | undefined;
  /** Something of this row has its fate. */
  touch(seq: number): void;
  /** Is it behind the reader on disk, so that only the ledger can say that something is open? */
  isPassed(seq: number): boolean;
  /** Inside the log's transaction: on disk the reader has passed all that was touched, and `rows` are what it left open. */
  save(rows: Iterable<OpenRow>): void;
  /** That transaction is on disk. */
  onSaved(): void;
  /** A passed row that waits to be read again: by place, what of it is settled. */
  waitingLine(seq: number): Uint8Array | undefined;
  /** Reads a passed row again, when nothing new is left. */
  readAgain(seq: number, settled: Uint8Array): void;
}

export function createLogReader(name: string, store: LogStore): LogReader {
  const { cursor, backfilled, backfillThrough, partial } = store.position(name);
  const front = (from: number, through: number, save: Front['save']): Front => {
    return { through, passed: from, touched: from, read: from, save };
  };
  const fresh = front(cursor, Number.POSITIVE_INFINITY, (seq) => store.setCursor(name, seq));
  const before = front(backfilled, backfillThrough, (seq) => store.setBackfilled(name, seq));
  const fronts = [fresh, before];
  const behind = new Map<number, Uint8Array>(); // passed, and to be read again
  const urgent = new Set<number>(); // those that come before what is new

  const backlog = total(store.backlog(cursor), store.backlog(backfilled, backfillThrough));
  for (const { seq, settled } of partial) {
    const batch = store.batch(seq);
    if (batch === undefined) continue;
    behind.set(seq, settled);
    if (seq > backfillThrough && settled.some((flag) => flag !== 0)) urgent.add(seq);
    backlog.events += openIn(settled);
    backlog.bytes += openIn(settled) * eventBytesOf(batch);
  }

  const frontOf = (seq: number): Front => (seq <= before.through ? before : fresh);

  function readFront(own: Front, isOld: boolean): Page | undefined {
    const batch = store.batchAfter(own.read);
    if (batch === undefined || batch.seq > own.through) return undefined;
    own.read = batch.seq;
    return open(batch, new Uint8Array(batch.count), isOld);
  }

  function readBehind(seq: number, isOld: boolean): Page | undefined {
    const settled = behind.get(seq);
    const batch = store.batch(seq);
    behind.delete(seq);
    urgent.delete(seq);
    return batch === undefined ? undefined : open(batch, settled ?? new Uint8Array(batch.count), isOld);
  }

  return {
    backlog,
    nextNew() {
      const [first] = urgent;
      return first === undefined ? readFront(fresh, false) : readBehind(first, false);
    },
    nextOld() {
      const [again] = behind.keys();
      return again === undefined ? readFront(before, true) : readBehind(again, true);
    },
    touch(seq) {
      const own = frontOf(seq);
      own.touched = Math.max(own.touched, seq);
    },
    isPassed: (seq) => seq <= frontOf(seq).passed,
    save(rows) {
      for (const { seq, settled } of rows) {
        const own = frontOf(seq);
        if (seq > own.passed && seq <= own.touched) store.setPartial(name, seq, settled);
      }
      for (const own of fronts) if (own.touched > own.passed) own.save(own.touched);
    },
    onSaved() {
      for (const own of fronts) own.passed = own.touched;
    },
    waitingLine: (seq) => behind.get(seq),
    readAgain: (seq, settled) => void behind.set(seq, settled),
  };
}

function open(batch: StoredBatch, settled: Uint8Array, isOld: boolean): Page {
  const row: OpenRow = {
    seq: batch.seq,
    receivedAt: batch.facts.receivedAt,
    eventBytes: eventBytesOf(batch),
    settled,
    isOld,
    open: openIn(settled),
  };
  return { row, batch, events: eventsOf(batch), next: 0 };
}

/** Bytes of one event: the average of its batch, so that nobody has to weigh it again. */
export function eventBytesOf({ bytes, count }: { readonly bytes: number; readonly count: number }): number {
  return Math.ceil(bytes / count);
}

function openIn(settled: Uint8Array): number {
  let open = 0;
  for (const flag of settled) if (flag !== isSettled) open++;
  return open;
}

/** Empty if the text was damaged at rest: its events are lost, and counted as such. */
export function eventsOf(batch: StoredBatch): StoredEvents {
  try {
    return (JSON.parse(batch.body) as { batch: StoredEvents }).batch;
  } catch {
    return [];
  }
}

/** Marks places as open again; returns how many were not. */
export function reopenPlaces(settled: Uint8Array, places: readonly number[]): number {
  const done = places.filter((place) => settled[place] === isSettled);
  for (const place of done) settled[place] = 0;
  return done.length;
}

type Weight = LogReader['backlog'];

function total(one: Weight, other: Weight): { events: number; bytes: number } {
  return { events: one.events + other.events, bytes: one.bytes + other.bytes };
}
