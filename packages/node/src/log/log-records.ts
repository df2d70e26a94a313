import type { CollectedEvent } from '@org/track-core';
import {
  type LogEvent,
  type LogRange,
  type LogRecords,
  LogUnavailableError,
  type Measured,
  type PersonIds,
  type RecordPage,
} from './log.ts';
import type { LogConsumer } from './log-consumer.ts';
import { reopenPlaces } from './log-reader.ts';
import type { BatchSize, LogStore, StoredBatch } from './log-store.ts';
import { createPersonFinder, isAbout, type KnownPerson } from './person.ts';
import { stampEvent } from './stamp-event.ts';

export interface LogRecordsOptions {
  readonly store: LogStore;
  readonly consumers: ReadonlyMap<string, LogConsumer>;
  readonly suppress: (person: PersonIds) => Promise<void>;
  /** Writes what was settled. */
  readonly commit: () => void;
  readonly onRemoved: (removed: { readonly quarantined?: number; readonly deadLetters?: number }) => void;
  readonly isClosed: () => boolean;
}

/** Batches that are read or written before appends get their turn. */
const rowsAtOnce = 64;

const giveWay = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function createLogRecords(options: LogRecordsOptions): LogRecords {
  const { store, consumers, suppress, commit, onRemoved, isClosed } = options;

  function requireOpen(): void {
    if (isClosed()) throw new LogUnavailableError('The log is closed.');
  }

  /** All of it, or nothing. */
  function write(work: () => void): void {
    requireOpen();
    try {
      store.transaction(work);
    } catch (cause) {
      if (cause instanceof LogUnavailableError || cause instanceof TypeError) throw cause;
      throw new LogUnavailableError('The log could not store that.', { cause });
    }
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

  async function* batches(range: LogRange): AsyncGenerator<StoredBatch> {
    for await (const rows of sizes(range)) {
      for (const { seq } of rows) {
        const batch = isClosed() ? undefined : store.batch(seq);
        if (batch !== undefined) yield batch;
      }
    }
  }

  /** Every record of a kind, from the newest to the oldest. */
  function* all<T extends { readonly id: number }>(read: (page: RecordPage) => readonly T[]): Generator<T> {
    for (let before = Number.MAX_SAFE_INTEGER; ; ) {
      requireOpen();
      const records = read({ limit: rowsAtOnce, before });
      yield* records;
      const oldest = records.at(-1);
      if (oldest === undefined) return;
      before = oldest.id;
    }
  }

  async function find(person: PersonIds): Promise<KnownPerson> {
    const finder = createPersonFinder(person);
    for await (const batch of batches({})) for (const event of eventsIn(batch.body)) finder.see(event);
    for (const { event } of all(store.quarantined)) finder.see(jsonOf(event));
    return finder.found();
  }

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
    for (const consumer of consumers.values()) consumer.onChanged(seq);
  }

  function sizeOf(seq: number | undefined): BatchSize | undefined {
    const [row] = seq === undefined ? [] : store.sizesAfter(seq - 1, 1);
    return row?.seq === seq ? row : undefined;
  }

  async function eraseBatches(person: KnownPerson): Promise<number> {
    let erased = 0;
    for await (const rows of sizes({})) {
      const changes = rows.flatMap(({ seq }) => {
        const events = eventsIn(store.body(seq) ?? '');
        const kept = events.map((event) => (isAbout(event, person, true) ? null : event));
        const theirs = kept.filter((event, place) => event !== events[place]).length;
        erased += theirs;
        return theirs === 0 ? [] : [{ seq, kept }];
      });
      if (changes.length === 0) continue;
      store.scrub(() =>
        write(() => {
          for (const { seq, kept } of changes) setBody(seq, kept);
        }),
      );
    }
    return erased;
  }

  function eraseRecords<T extends { readonly id: number; readonly event: string }>(
    person: KnownPerson,
    read: (page: RecordPage) => readonly T[],
    remove: (id: number) => number,
  ): number {
    const theirs = [...all(read)].filter(({ event }) => isAboutText(event, person)).map(({ id }) => id);
    store.scrub(() => write(() => theirs.forEach(remove)));
    return theirs.length;
  }

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
    async *about(person) {
      const known = await find(person);
      for await (const { seq, body, facts } of batches({})) {
        for (const event of eventsIn(body)) {
          if (isAbout(event, known, false))
            yield { store: 'log', seq, event: stampEvent(event as CollectedEvent, facts) };
        }
      }
      for (const { id, issues, event } of all(store.quarantined)) {
        if (isAbout(jsonOf(event), known, false)) yield { store: 'quarantine', id, issues, event: jsonOf(event) };
      }
      for (const { id, consumer, reason, event } of all(store.deadLetters)) {
        if (!isAbout(jsonOf(event), known, false)) continue;
        yield { store: 'dead-letters', id, destination: consumer, reason, event: jsonOf(event) };
      }
    },
    async erase(person) {
      requireOpen();
      // First, so that nothing of theirs comes in behind our back, nor goes out.
      await suppress(person);
      const known = await find(person);
      for (const anonymousId of known.own) await suppress({ anonymousId });
      const events = await eraseBatches(known);
      const quarantined = eraseRecords(known, store.quarantined, store.deleteQuarantined);
      const deadLetters = eraseRecords(known, store.deadLetters, store.deleteDeadLetter);
      onRemoved({ quarantined, deadLetters });
      return { events, quarantined, deadLetters, anonymousIds: [...known.own] };
    },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // cut to the log's cap, or damaged at rest
  }
}

function eventsIn(body: string): readonly unknown[] {
  return (jsonOf(body) as { batch: unknown[] } | undefined)?.batch ?? [];
}

/** What was cut cannot be parsed: there an id counts wherever it stands. */
function isAboutText(text: string, person: KnownPerson): boolean {
  const event = jsonOf(text);
  if (event !== undefined) return isAbout(event, person, true);
  const ids = [...person.own, ...(person.userId === undefined ? [] : [person.userId])];
  return ids.some((id) => text.includes(JSON.stringify(id)));
}
