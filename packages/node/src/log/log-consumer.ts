import type { CollectedEvent, Entry, OutboxHost, TrackEvent } from '@org/track-core';
import type { BatchSize, StoredBatch } from './batch-table.ts';
import type { ConsumerOptions, LogOutbox, PullLimits } from './log-outbox.ts';
import {
  createLogReader,
  eventBytesOf,
  eventsOf,
  isBegun,
  isSettled,
  type OpenRow,
  type Page,
  reopenPlaces,
} from './log-reader.ts';
import type { LogStore } from './log-store.ts';
import type { DeadLetter } from './record-tables.ts';
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
  /** May nothing be kept of whose event this is? */
  readonly isSuppressed: (event: CollectedEvent) => boolean;
  /** Resolves after the log's next transaction, whatever became of it. */
  readonly commitSoon: () => Promise<void>;
  readonly onClosed: () => void;
}

interface Lease {
  readonly row: OpenRow;
  readonly place: number;
  readonly event: CollectedEvent;
}

/** Why an event is given up that was leaving when the process ended, and must not leave twice. */
export const unconfirmed = 'unconfirmed';

/**
 * The log from one destination's point of view: an outbox that fills itself.
 *
 * On disk a consumer is a cursor, and one more for what the log held before it came. When later events are settled before
 * earlier ones, the cursor moves all the same and the rows left behind get a line in the ledger that tells which of their
 * events are done.
 */
export function createLogConsumer(options: LogConsumerOptions): LogConsumer {
  const { name, store, isSuppressed, purposeOf, commitSoon, onClosed } = options;
  const reader = createLogReader(name, store);

  let host: OutboxHost | undefined;
  const rows = new Map<number, OpenRow>(); // opened and not done with
  const leases = new Map<string, Lease>();
  let returned: readonly Entry<CollectedEvent>[] = []; // leased once, and waiting again: before all others
  // Two, so that a new row can be handed out in the middle of an old one.
  let newPage: Page | undefined;
  let oldPage: Page | undefined;

  let changed = new Set<OpenRow>(); // settled since the last transaction
  let letters: DeadLetter[] = [];
  let saves = 0;

  let waiting = reader.backlog.events;
  let waitingBytes = reader.backlog.bytes;

  function opened(page: Page | undefined): Page | undefined {
    if (page !== undefined) rows.set(page.row.seq, page.row);
    return page;
  }

  const pageOf = (seq: number): Page | undefined => [newPage, oldPage].find((page) => page?.row.seq === seq);

  function markLease(id: string, flag: number): void {
    const lease = leases.get(id);
    if (lease === undefined) return;
    lease.row.settled[lease.place] = flag;
    changed.add(lease.row);
    reader.touch(lease.row.seq);
  }

  function settlePlace(row: OpenRow, place: number): void {
    row.settled[place] = isSettled;
    row.open--;
    if (row.open === 0) rows.delete(row.seq);
    changed.add(row);
    reader.touch(row.seq);
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
    const page = pageOf(row.seq);
    let reopened = 0;
    for (const place of places) {
      const stored = events[place];
      if (row.settled[place] !== isSettled || !stored || leases.has(stored.messageId)) continue;
      row.settled[place] = 0;
      row.open++;
      reopened++;
      if (page === undefined || place < page.next) returned = [...returned, lease(row, place, stored, batch)];
    }
    store.setPartial(name, row.seq, row.settled);
    return reopened;
  }

  /** @param entries - what is leased is put into it at once, so that it is handed out whatever comes behind it */
  function pull(limits: PullLimits, entries: Entry<CollectedEvent>[]): void {
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
    let hasNew = true; // nothing is committed while we are here
    while (returned.length === 0 && entries.length < limits.maxEvents) {
      if (hasNew) newPage ??= opened(reader.nextNew());
      hasNew = newPage !== undefined;
      if (!hasNew && limits.isNewOnly !== true) oldPage ??= opened(reader.nextOld());
      const page = newPage ?? (limits.isNewOnly === true ? undefined : oldPage);
      if (page === undefined) break;
      const { row, batch, events } = page;
      if (!hasRoom(row.eventBytes)) break;
      const place = page.next++;
      if (page.next >= batch.count) {
        if (page === newPage) newPage = undefined;
        else oldPage = undefined;
      }
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
        const entries: Entry<CollectedEvent>[] = [];
        try {
          pull(limits, entries);
        } catch {
          // The disk cannot be read now: what waits stays, and whoever pulls comes back.
        }
        return entries;
      },
      settle(id, verdict) {
        const lease = leases.get(id);
        if (lease !== undefined) {
          leases.delete(id);
          settlePlace(lease.row, lease.place);
          // Of somebody who was erased meanwhile the log keeps nothing more.
          if (verdict.kind === 'dead' && !isSuppressed(lease.event)) {
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
      isOld: (id) => leases.get(id)?.row.isOld === true,
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
        if (!reader.isPassed(row.seq)) continue;
        if (row.open > 0) store.setPartial(name, row.seq, row.settled);
        else store.dropPartial(name, row.seq);
      }
      reader.save(rows.values());
      for (const letter of letters) store.insertDeadLetter(letter, now);
      return letters.length;
    },
    onSaved() {
      saves++;
      reader.onSaved();
      changed = new Set();
      letters = [];
    },
    reopen(size, place) {
      // What it has not come to yet has no line in the ledger, nor need of one.
      if (!reader.isPassed(size.seq)) return 0;
      const places = place === undefined ? [...new Array(size.count).keys()] : [place];
      const row = rows.get(size.seq);
      let reopened: number;
      if (row === undefined) {
        const settled = reader.waitingLine(size.seq) ?? new Uint8Array(size.count).fill(isSettled);
        reopened = reopenPlaces(settled, places);
        reader.readAgain(size.seq, settled);
        store.setPartial(name, size.seq, settled);
      } else reopened = reopenOpenRow(row, places);
      waiting += reopened;
      waitingBytes += reopened * eventBytesOf(size);
      if (reopened > 0) host?.onArrived(reopened, true);
      return reopened;
    },
    onChanged(seq) {
      const page = pageOf(seq);
      if (page === undefined) return;
      const batch = store.batch(seq);
      if (batch !== undefined) page.events = eventsOf(batch);
    },
  };
}
