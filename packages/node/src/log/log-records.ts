import type { CollectedEvent } from '@org/track-core';
import type { BatchSize } from './batch-table.ts';
import { type LogRecords, LogUnavailableError } from './log.ts';
import { eventsIn, type LogAccess } from './log-access.ts';
import type { LogConsumer } from './log-consumer.ts';
import type { LogEvent, Measured } from './log-range.ts';
import { reopenPlaces } from './log-reader.ts';
import type { LogStore } from './log-store.ts';
import type { PersonIds } from './person.ts';
import { createPersonRecords, type PersonRecords } from './person-records.ts';
import { stampEvent } from './stamp-event.ts';

export interface LogRecordsOptions {
  readonly store: LogStore;
  readonly access: LogAccess;
  readonly consumers: ReadonlyMap<string, LogConsumer>;
  readonly suppress: (person: PersonIds) => Promise<void>;
  /** Writes what was settled. */
  readonly commit: () => void;
  readonly onRemoved: (removed: { readonly quarantined?: number; readonly deadLetters?: number }) => void;
  readonly isClosed: () => boolean;
}

export function createLogRecords(options: LogRecordsOptions): LogRecords & PersonRecords {
  const { store, access, consumers, suppress, commit, onRemoved, isClosed } = options;

  const { requireOpen, write, sizes, batches } = access;

  /** So that the cursors on disk are those in memory. */
  function settleAll(consumer: LogConsumer | undefined): void {
    commit();
    if (consumer?.isDirty()) throw new LogUnavailableError('The log could not store what was delivered.');
  }

  function reopen(name: string, row: BatchSize, place?: number): number {
    const live = consumers.get(name);
    if (live !== undefined) return live.reopen(row, place);
    if (!store.isPassed(name, row.seq)) return 0;
    const settled = store.ledgerLine(name, row.seq) ?? new Uint8Array(row.count).fill(1);
    const reopened = reopenPlaces(settled, place === undefined ? [...settled.keys()] : [place]);
    if (reopened > 0) store.setPartial(name, row.seq, settled);
    return reopened;
  }

  function setBody(seq: number, events: readonly unknown[]): void {
    store.setBody(seq, JSON.stringify({ batch: events }));
    // Whoever sent it is erased.
    if (events.every((event) => event === null)) store.forgetSender(seq);
    for (const consumer of consumers.values()) consumer.onChanged(seq);
  }

  function sizeOf(seq: number | undefined): BatchSize | undefined {
    const [row] = seq === undefined ? [] : store.sizesAfter(seq - 1, 1);
    return row?.seq === seq ? row : undefined;
  }

  const people = createPersonRecords({ store, access, suppress, commit, setBody, onRemoved });

  return {
    quarantined: (page) => (isClosed() ? [] : store.quarantined(page)),
    quarantinedById: (id) => (isClosed() ? undefined : store.quarantinedById(id)),
    async removeQuarantined(id) {
      let removed = 0;
      write(() => {
        removed = store.deleteQuarantined(id);
      });
      onRemoved({ quarantined: removed });
      return removed > 0;
    },
    deadLetters: (page) => (isClosed() ? [] : store.deadLetters(page)),
    deadLetterById: (id) => (isClosed() ? undefined : store.deadLetterById(id)),
    storedEvent({ seq, place }) {
      if (isClosed() || seq === undefined || place === undefined) return undefined;
      return eventsIn(store.body(seq) ?? '')[place] ?? undefined;
    },
    async revive(id, event) {
      requireOpen();
      const letter = store.deadLetterById(id);
      if (letter === undefined) return 'unknown';
      const row = sizeOf(letter.seq);
      if (row === undefined || letter.place === undefined) return 'gone';
      const { place, consumer, messageId } = letter;
      const events = [...eventsIn(store.body(row.seq) ?? '')];
      if (events[place] === null || events[place] === undefined) return 'gone';
      if (event !== undefined && (event as { messageId?: unknown }).messageId !== messageId) {
        throw new TypeError(`messageId: expected the event's own, "${messageId}"`);
      }
      settleAll(consumers.get(consumer));
      write(() => {
        if (event !== undefined) setBody(row.seq, events.with(place, event));
        reopen(consumer, row, place);
        store.deleteDeadLetter(id);
      });
      onRemoved({ deadLetters: 1 });
      return 'revived';
    },
    async removeDeadLetter(id) {
      let removed = 0;
      write(() => {
        removed = store.deleteDeadLetter(id);
      });
      onRemoved({ deadLetters: removed });
      return removed > 0;
    },
    damage() {
      requireOpen();
      return store.damage();
    },
    consumers: () => (isClosed() ? [] : store.consumers()),
    async forgetConsumer(consumer) {
      if (consumers.has(consumer)) throw new TypeError(`"${consumer}" reads the log right now.`);
      let forgotten = 0;
      write(() => {
        forgotten = store.deleteConsumer(consumer);
      });
      return forgotten > 0;
    },
    async measure(range) {
      let measured: Measured | undefined;
      for await (const rows of sizes(range)) {
        const { fromSeq = (rows[0] as BatchSize).seq, events = 0 } = measured ?? {};
        const { seq: toSeq } = rows.at(-1) as BatchSize;
        measured = { fromSeq, toSeq, events: rows.reduce((sum, { count }) => sum + count, events) };
      }
      return measured;
    },
    async *events(range) {
      for await (const { seq, body, facts } of batches(range)) {
        for (const event of eventsIn(body))
          if (event !== null) yield { seq, event: stampEvent(event as CollectedEvent, facts) };
      }
    },
    async newest(limit) {
      requireOpen();
      const events: LogEvent[] = [];
      for (let seq = store.lastSeq(); seq > 0 && events.length < limit; seq--) {
        const batch = store.batch(seq);
        if (batch === undefined) break;
        const own = eventsIn(batch.body).filter((event) => event !== null);
        events.unshift(...own.map((event) => ({ seq, event: stampEvent(event as CollectedEvent, batch.facts) })));
      }
      return events.slice(-limit);
    },
    async replay(consumer, range) {
      requireOpen();
      if (!store.consumers().includes(consumer)) {
        const known = store.consumers().join(', ');
        throw new TypeError(
          `No destination "${consumer}" has read this log; known are ${known === '' ? 'none' : known}`,
        );
      }
      let reopened = 0;
      for await (const rows of sizes(range)) {
        settleAll(consumers.get(consumer));
        write(() => {
          for (const row of rows) reopened += reopen(consumer, row);
        });
      }
      return reopened;
    },
    ...people,
  };
}
