import type { CollectedEvent } from '@org/track-core';
import type { Erased, ErasureCounts } from './erasure-receipt.ts';
import { eventsIn, jsonOf, type LogAccess } from './log-access.ts';
import type { LogStore } from './log-store.ts';
import type { PersonIds } from './person.ts';
import { createPersonFinder, isAbout, type KnownPerson } from './person.ts';
import type { PersonRecord, RecordPage } from './record.ts';
import { stampEvent } from './stamp-event.ts';

/** Devices by whether others had them too. */
export interface KnownDevices {
  readonly own: readonly string[];
  readonly shared: readonly string[];
}

/** What remembers how far an erasure is. Both are called inside the transaction that does it. */
export interface ErasureJournal {
  /** What is known from an earlier try, whose events may be gone. */
  readonly devices: KnownDevices;
  onFound(devices: KnownDevices): void;
  onErased(counts: Partial<ErasureCounts>): void;
}

/** What a log holds about people. */
export interface PersonRecords {
  devicesOf(person: PersonIds): Promise<readonly string[]>;
  about(person: PersonIds): AsyncIterable<PersonRecord>;
  erase(person: PersonIds, journal?: ErasureJournal): Promise<Erased>;
}

export interface PersonRecordsOptions {
  readonly store: LogStore;
  readonly access: LogAccess;
  readonly suppress: (person: PersonIds) => Promise<void>;
  /** Writes what is on its way into the log. */
  readonly commit: () => void;
  /** Puts other events in a batch's place. */
  readonly setBody: (seq: number, events: readonly unknown[]) => void;
  readonly onRemoved: (removed: { readonly quarantined?: number; readonly deadLetters?: number }) => void;
}

const noJournal: ErasureJournal = { devices: { own: [], shared: [] }, onFound() {}, onErased() {} };

export function createPersonRecords(options: PersonRecordsOptions): PersonRecords {
  const { store, access, suppress, commit, setBody, onRemoved } = options;
  const { requireOpen, write, sizes, batches, all } = access;

  async function find(person: PersonIds): Promise<KnownPerson> {
    const finder = createPersonFinder(person);
    for await (const batch of batches({})) for (const event of eventsIn(batch.body)) finder.see(event);
    for (const { event } of all(store.quarantined)) finder.see(jsonOf(event));
    // They outlive their batches, where it took long until they were given up.
    for (const { event } of all(store.deadLetters)) finder.see(jsonOf(event));
    return finder.found();
  }

  async function eraseBatches(person: KnownPerson, journal: ErasureJournal): Promise<number> {
    let erased = 0;
    for await (const rows of sizes({})) {
      let theirs = 0;
      const changes = rows.flatMap(({ seq }) => {
        const events = eventsIn(store.body(seq) ?? '');
        const kept = events.map((event) => (isAbout(event, person, true) ? null : event));
        const gone = kept.filter((event, place) => event !== events[place]).length;
        theirs += gone;
        return gone === 0 ? [] : [{ seq, kept }];
      });
      if (changes.length === 0) continue;
      store.scrub(() =>
        write(() => {
          for (const { seq, kept } of changes) setBody(seq, kept);
          journal.onErased({ events: theirs });
        }),
      );
      erased += theirs;
    }
    return erased;
  }

  function eraseRecords<T extends { readonly id: number; readonly event: string }>(
    kind: 'quarantined' | 'deadLetters',
    person: KnownPerson,
    journal: ErasureJournal,
    { read, remove }: { readonly read: (page: RecordPage) => readonly T[]; readonly remove: (id: number) => number },
  ): number {
    const theirs = [...all(read)].filter(({ event }) => isAboutText(event, person)).map(({ id }) => id);
    store.scrub(() =>
      write(() => {
        theirs.forEach(remove);
        journal.onErased({ [kind]: theirs.length });
      }),
    );
    onRemoved({ [kind]: theirs.length });
    return theirs.length;
  }

  return {
    devicesOf: async (person) => [...(await find(person)).own],
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
    async erase(person, journal = noJournal) {
      requireOpen();
      // First, so that nothing of theirs comes in behind our back, nor goes out.
      await suppress(person);
      commit();
      const { own, shared, userId } = await find(person);
      const known: KnownPerson = {
        userId,
        own: new Set([...journal.devices.own, ...own]),
        shared: new Set([...journal.devices.shared, ...shared]),
      };
      for (const anonymousId of known.own) await suppress({ anonymousId });
      commit();
      // Before the first of the events is gone that tell it.
      write(() => journal.onFound({ own: [...known.own], shared: [...known.shared] }));
      const events = await eraseBatches(known, journal);
      const { quarantined, deleteQuarantined, deadLetters, deleteDeadLetter } = store;
      const ofQuarantine = { read: quarantined, remove: deleteQuarantined };
      const ofDeadLetters = { read: deadLetters, remove: deleteDeadLetter };
      return {
        events,
        quarantined: eraseRecords('quarantined', known, journal, ofQuarantine),
        deadLetters: eraseRecords('deadLetters', known, journal, ofDeadLetters),
        anonymousIds: [...known.own],
      };
    },
  };
}

/** What was cut cannot be parsed: there an id counts wherever it stands. */
function isAboutText(text: string, person: KnownPerson): boolean {
  const event = jsonOf(text);
  if (event !== undefined) return isAbout(event, person, true);
  const ids = [...person.own, ...(person.userId === undefined ? [] : [person.userId])];
  return ids.some((id) => text.includes(JSON.stringify(id)));
}
