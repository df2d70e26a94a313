import type { CollectedEvent, Entry, OutboxHost, TrackEvent } from '@org/track-core';
import type { ConsumerOptions, LogOutbox } from './log.ts';
import type { BatchSize, DeadLetter, LogStore, StoredBatch } from './log-store.ts';
import { stampEvent } from './stamp-event.ts';

/** One reader of the log, as the log sees it. */
export interface LogConsumer {
  readonly outbox: LogOutbox;
  /** A batch was committed. */
  onCommitted(events: number, bytes: number): void;
  /** Something was settled that is not on disk yet. */
  isDirty(): boolean;
  /** Writes what was settled, inside the log's transaction. Returns how many dead letters. */
  save(now: number): number;
  /** That transaction is on disk. */
  onSaved(): void;
  /**
   * Hands events of a batch out once more, one or all of them, and writes that down: inside the log's transaction, and
   * only when nothing is dirty. Returns how many; what still waits is not among them.
   */
  reopen(batch: BatchSize, place?: number): number;
  /** The text of a batch is another one now. */
  onChanged(seq: number): void;
}

export interface LogConsumerOptions extends ConsumerOptions {
  readonly name: string;
  readonly store: LogStore;
  /** Resolves after the log's next transaction, whatever became of it. */
  readonly commitSoon: () => Promise<void>;
  readonly onClosed: () => void;
}

/** A row of which some events still wait for their fate. */
interface OpenRow {
  readonly seq: number;
  readonly receivedAt: number;
  readonly eventBytes: number;
  /** By place in the batch: 1 if the event's fate is known, 2 if it was about to leave. */
  readonly settled: Uint8Array;
  readonly isReplayed: boolean;
  open: number;
}

interface Lease {
  readonly row: OpenRow;
  readonly place: number;
  readonly event: CollectedEvent;
}

/** The row that is being handed out. */
interface Page {
  readonly row: OpenRow;
  readonly batch: StoredBatch;
  events: StoredEvents;
  next: number;
}

/** Bytes of one event: the average of its batch, so that nobody has to weigh it again. */
export function eventBytesOf({ bytes, count }: { readonly bytes: number; readonly count: number }): number {
  return Math.ceil(bytes / count);
}

const isSettled = 1;
const isBegun = 2;

function openIn(settled: Uint8Array): number {
  let open = 0;
  for (const flag of settled) if (flag !== isSettled) open++;
  return open;
}

/** Why an event is given up that was leaving when the process ended, and must not leave twice. */
export const unconfirmed = 'unconfirmed';

/** `null` stands where an event was erased. */
type StoredEvents = readonly (TrackEvent | null)[];

/** Empty if the text was damaged at rest: its events are lost, and counted as such. */
function eventsOf(batch: StoredBatch): StoredEvents {
  try {
    return (JSON.parse(batch.body) as { batch: StoredEvents }).batch;
  } catch {
    return [];
  }
}

/**
 * The log from one destination's point of view: an outbox that fills itself.
 *
 * On disk a consumer is one number, the cursor. When later events are settled before earlier ones, the cursor moves all
 * the same and the rows left behind get a line in the ledger that tells which of their events are done.
 */
export function createLogConsumer(options: LogConsumerOptions): LogConsumer {
  const { name, store, purposeOf, commitSoon, onClosed } = options;
  const { cursor: savedCursor, partial } = store.position(name);

  let host: OutboxHost | undefined;
  let cursor = savedCursor; // as on disk
  let touched = savedCursor; // the newest row of which something is settled
  let readThrough = savedCursor; // the newest row opened
  const behind = new Map<number, Uint8Array>(); // rows before the cursor, left by an earlier process or reopened
  const urgent = new Set<number>(); // those that come before what is new: not what is replayed
  const rows = new Map<number, OpenRow>(); // opened and not done with, oldest first
  const leases = new Map<string, Lease>();
  let returned: readonly Entry<CollectedEvent>[] = []; // leased once, and waiting again: oldest of all
  let page: Page | undefined;

  let changed = new Set<OpenRow>(); // settled since the last transaction
  let letters: DeadLetter[] = [];
  let saves = 0;

  const backlog = store.backlog(savedCursor);
  let waiting = backlog.events;
  let waitingBytes = backlog.bytes;
  for (const left of partial) {
    const batch = store.batch(left.seq);
    if (batch === undefined) continue;
    behind.set(left.seq, left.settled);
    if (left.settled.some((flag) => flag !== 0)) urgent.add(left.seq);
    waiting += openIn(left.settled);
    waitingBytes += openIn(left.settled) * eventBytesOf(batch);
  }

  function nextPage(): Page | undefined {
    const [first] = urgent;
    // What is new comes before what is replayed: backfill delays nobody.
    const fresh = first === undefined ? store.batchAfter(readThrough) : undefined;
    const [replayed] = behind.keys();
    const seq = fresh === undefined ? (first ?? replayed) : undefined;
    const batch = seq === undefined ? fresh : store.batch(seq);
    const isReplayed = seq !== undefined && first === undefined;
    const left = seq === undefined ? undefined : behind.get(seq);
    if (seq === undefined) readThrough = fresh?.seq ?? readThrough;
    else {
      behind.delete(seq);
      urgent.delete(seq);
    }
    if (batch === undefined) return undefined;
    const settled = left ?? new Uint8Array(batch.count);
    const row: OpenRow = {
      seq: batch.seq,
      receivedAt: batch.facts.receivedAt,
      eventBytes: eventBytesOf(batch),
      settled,
      isReplayed,
      open: openIn(settled),
    };
    rows.set(row.seq, row);
    return { row, batch, events: eventsOf(batch), next: 0 };
  }

  function markLease(id: string, flag: number): void {
    const lease = leases.get(id);
    if (lease === undefined) return;
    lease.row.settled[lease.place] = flag;
    changed.add(lease.row);
    touched = Math.max(touched, lease.row.seq);
  }

  function settlePlace(row: OpenRow, place: number): void {
    row.settled[place] = isSettled;
    row.open--;
    if (row.open === 0) rows.delete(row.seq);
    changed.add(row);
    touched = Math.max(touched, row.seq);
  }

  function lease(row: OpenRow, place: number, stored: TrackEvent, batch: StoredBatch): Entry<CollectedEvent> {
    const event = stampEvent(stored, batch.facts);
    const id = event.messageId;
    leases.set(id, { row, place, event });
    return { id, value: event, bytes: row.eventBytes, purpose: purposeOf(event), queuedAt: row.receivedAt };
  }

  /** Of a row that is open the reading has passed most places: those it will not come back to are handed out from here. */
  function reopenOpenRow(row: OpenRow, places: readonly number[]): number {
    const batch = store.batch(row.seq);
    if (batch === undefined) return 0;
    const events = eventsOf(batch);
    let reopened = 0;
    for (const place of places) {
      const stored = events[place];
      if (row.settled[place] === 0 || !stored || leases.has(stored.messageId)) continue;
      row.settled[place] = 0;
      row.open++;
      reopened++;
      if (page?.row !== row || place < page.next) returned = [...returned, lease(row, place, stored, batch)];
    }
    store.setPartial(name, row.seq, row.settled);
    return reopened;
  }

  function pull(limits: { readonly maxEvents: number; readonly maxBytes: number }): Entry<CollectedEvent>[] {
    const entries: Entry<CollectedEvent>[] = [];
    let bytes = 0;
    const hasRoom = (more: number): boolean =>
      entries.length === 0 || (entries.length < limits.maxEvents && bytes + more <= limits.maxBytes);
    const hand = (entry: Entry<CollectedEvent>): void => {
      entries.push(entry);
      bytes += entry.bytes;
    };
    for (const entry of returned) {
      if (!hasRoom(entry.bytes)) break;
      waiting--;
      waitingBytes -= entry.bytes;
      hand(entry);
    }
    returned = returned.slice(entries.length);
    while (returned.length === 0 && entries.length < limits.maxEvents) {
      page ??= nextPage();
      if (page === undefined) break;
      const { row, batch, events } = page;
      if (!hasRoom(row.eventBytes)) break;
      const place = page.next++;
      if (page.next >= batch.count) page = undefined;
      if (row.settled[place] === isSettled) continue;
      waiting--;
      waitingBytes -= row.eventBytes;
      const stored = events[place];
      // The same id twice, further apart than the window reaches: entries are told apart by id, so one of them goes.
      if (stored === undefined || stored === null || leases.has(stored.messageId)) {
        settlePlace(row, place);
        // Without its id, which would settle the other one.
        host?.onDropped('', stored === undefined ? 'unreadable' : stored === null ? 'erased' : 'duplicate');
        continue;
      }
      const entry = lease(row, place, stored, batch);
      // The process that was delivering it is gone, and with it the answer.
      if (row.settled[place] === isBegun) host?.onDropped(entry.id, unconfirmed);
      else hand(entry);
    }
    if (changed.size > 0) void commitSoon();
    return entries;
  }

  return {
    outbox: {
      open(itsHost) {
        host = itsHost;
        if (waiting > 0) host.onArrived(waiting, true);
      },
      add() {
        throw new TypeError(
          `The log's consumer "${name}" cannot be added to: events come in through the log's append().`,
        );
      },
      pull(limits) {
        try {
          return pull(limits);
        } catch {
          return []; // the disk cannot be read now; what waits stays, and whoever pulls comes back
        }
      },
      settle(id, verdict) {
        const lease = leases.get(id);
        if (lease !== undefined) {
          leases.delete(id);
          settlePlace(lease.row, lease.place);
          if (verdict.kind === 'dead') {
            const event = JSON.stringify(lease.event);
            letters.push({
              consumer: name,
              messageId: id,
              reason: verdict.reason,
              event,
              seq: lease.row.seq,
              place: lease.place,
            });
          }
        }
        if (changed.size > 0) return commitSoon();
      },
      async begin(ids) {
        const before = saves;
        for (const id of ids) markLease(id, isBegun);
        await commitSoon();
        return saves > before;
      },
      isReplayed: (id) => leases.get(id)?.row.isReplayed === true,
      withdraw(ids) {
        for (const id of ids) markLease(id, 0);
        if (changed.size > 0) void commitSoon();
      },
      release(entries) {
        const back = entries.filter(({ id }) => leases.has(id));
        for (const { bytes } of back) waitingBytes += bytes;
        waiting += back.length;
        returned = [...back, ...returned];
      },
      depth: () => ({ waiting, waitingBytes }),
      async close() {
        host = undefined;
        if (changed.size > 0) await commitSoon();
        onClosed();
      },
    },
    onCommitted(events, bytes) {
      waiting += events;
      waitingBytes += bytes;
      host?.onArrived(events);
    },
    isDirty: () => changed.size > 0,
    save(now) {
      for (const row of changed) {
        if (row.seq > cursor) continue;
        if (row.open > 0) store.setPartial(name, row.seq, row.settled);
        else store.dropPartial(name, row.seq);
      }
      for (const row of rows.values()) {
        if (row.seq > cursor && row.seq <= touched) store.setPartial(name, row.seq, row.settled);
      }
      if (touched > cursor) store.setCursor(name, touched);
      for (const letter of letters) store.insertDeadLetter(letter, now);
      return letters.length;
    },
    onSaved() {
      saves++;
      cursor = touched;
      changed = new Set();
      letters = [];
    },
    reopen(size, place) {
      // Beyond the cursor there is no line in the ledger, nor need of one.
      if (size.seq > cursor) return 0;
      const places = place === undefined ? [...new Array(size.count).keys()] : [place];
      const row = rows.get(size.seq);
      let reopened: number;
      if (row === undefined) {
        const settled = behind.get(size.seq) ?? new Uint8Array(size.count).fill(1);
        reopened = reopenPlaces(settled, places);
        behind.set(size.seq, settled);
        store.setPartial(name, size.seq, settled);
      } else reopened = reopenOpenRow(row, places);
      waiting += reopened;
      waitingBytes += reopened * eventBytesOf(size);
      if (reopened > 0) host?.onArrived(reopened, true);
      return reopened;
    },
    onChanged(seq) {
      if (page?.row.seq !== seq) return;
      const batch = store.batch(seq);
      if (batch !== undefined) page.events = eventsOf(batch);
    },
  };
}

/** Marks places as open again; returns how many were not. */
export function reopenPlaces(settled: Uint8Array, places: readonly number[]): number {
  const done = places.filter((place) => settled[place] === 1);
  for (const place of done) settled[place] = 0;
  return done.length;
}
