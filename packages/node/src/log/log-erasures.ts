import { randomBytes, randomUUID } from 'node:crypto';
import { isOwner, ownerHashes } from './erasure-owner.ts';
import type { ErasureReceipt, OpenErasure } from './erasure-receipt.ts';
import type { ErasureRow, ErasureTaskRow } from './erasure-table.ts';
import type { LogErasures } from './log.ts';
import type { LogAccess } from './log-access.ts';
import type { LogStore } from './log-store.ts';
import type { PersonIds } from './person.ts';
import type { ErasureJournal, KnownDevices, PersonRecords } from './person-records.ts';

export interface LogErasuresOptions {
  readonly store: LogStore;
  readonly access: LogAccess;
  readonly people: PersonRecords;
  readonly suppress: (person: PersonIds) => Promise<void>;
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
}

/** What is kept of a person while an erasure is under way. */
type KeptPerson = PersonIds & KnownDevices;

const saltBytes = 16;

const newTask: Omit<ErasureTaskRow, 'destination'> = {
  state: 'waiting',
  tries: 0,
  nextAt: 0,
  at: 0,
  reason: null,
  rows: null,
  isUncounted: false,
  isAsked: false,
};

/** Erasures in the log's own file, so that whoever opens it next goes on. */
export function createLogErasures({ store, access, people, suppress, now }: LogErasuresOptions): LogErasures {
  const { erasures } = store;
  const { requireOpen, write } = access;

  function receiptOf(row: ErasureRow): ErasureReceipt {
    const { id, askedAt, finishedAt, stage, counts } = row;
    return {
      id,
      askedAt,
      ...(finishedAt === null ? {} : { finishedAt }),
      stage,
      ...counts,
      destinations: erasures.tasks(id).map(({ destination, state, tries, at, nextAt, reason, ...count }) => ({
        destination,
        state,
        ...countOf(count),
        tries,
        ...(tries === 0 ? {} : { at }),
        ...(state === 'waiting' && tries > 0 ? { nextAt } : {}),
        ...(reason === null ? {} : { reason }),
      })),
    };
  }

  /** Done with the log, and with every destination: then nothing tells any more who it was. */
  function finishIfDone(id: string): void {
    const row = erasures.get(id);
    if (row === undefined || row.stage !== 'destinations') return;
    if (erasures.tasks(id).some(({ state }) => state === 'waiting')) return;
    erasures.update(id, { stage: 'done', finishedAt: now(), person: null });
  }

  function requireRow(id: string): ErasureRow {
    const row = erasures.get(id);
    if (row === undefined) throw new TypeError(`No erasure has the id "${id}"`);
    return row;
  }

  const taskOf = (id: string, destination: string): ErasureTaskRow =>
    erasures.tasks(id).find((task) => task.destination === destination) ?? { ...newTask, destination };

  return {
    async begin({ userId, anonymousId }, destinations) {
      requireOpen();
      const person = {
        ...(userId === undefined ? {} : { userId }),
        ...(anonymousId === undefined ? {} : { anonymousId }),
      };
      // Also what refuses ids that are none.
      await suppress(person);
      const id = randomUUID();
      const salt = randomBytes(saltBytes);
      const kept: KeptPerson = { ...person, own: [], shared: [] };
      write(() => {
        erasures.insert({
          id,
          askedAt: now(),
          finishedAt: null,
          stage: 'log',
          salt,
          hashes: ownerHashes(salt, kept),
          counts: { events: 0, quarantined: 0, deadLetters: 0 },
          person: JSON.stringify(kept),
        });
        for (const destination of destinations) {
          erasures.setTask(id, { ...newTask, destination });
        }
      });
      return id;
    },
    async purge(id) {
      const { stage, person, salt } = requireRow(id);
      if (person === null) return [];
      const kept = JSON.parse(person) as KeptPerson;
      if (stage !== 'log') return kept.own;
      const journal: ErasureJournal = {
        devices: kept,
        onFound({ own, shared }) {
          const known = { ...kept, own, shared };
          erasures.update(id, { person: JSON.stringify(known), hashes: ownerHashes(salt, known) });
        },
        onErased(more) {
          const { counts } = requireRow(id);
          erasures.update(id, {
            counts: {
              events: counts.events + (more.events ?? 0),
              quarantined: counts.quarantined + (more.quarantined ?? 0),
              deadLetters: counts.deadLetters + (more.deadLetters ?? 0),
            },
          });
        },
      };
      await people.erase(kept, journal);
      let devices: readonly string[] = [];
      // Devices that others had too were only needed here.
      store.scrub(() =>
        write(() => {
          const { own = [], ...ids } = JSON.parse(requireRow(id).person ?? '{}') as Partial<KeptPerson>;
          devices = own;
          erasures.update(id, { stage: 'destinations', person: JSON.stringify({ ...ids, own, shared: [] }) });
          finishIfDone(id);
        }),
      );
      return devices;
    },
    async asking(id, destination) {
      requireRow(id);
      write(() => {
        const task = taskOf(id, destination);
        // Asked before, by a process that was killed, or whose answer the log did not take.
        erasures.setTask(id, { ...task, isUncounted: task.isUncounted || task.isAsked, isAsked: true });
      });
    },
    async told(id, { destination, ...told }) {
      // What it said may have named them.
      const { person } = requireRow(id);
      const ids = person === null ? [] : writtenIds(JSON.parse(person) as KeptPerson);
      const reason =
        told.reason === undefined ? null : ids.reduce((text, each) => text.replaceAll(each, '…'), told.reason);
      store.scrub(() =>
        write(() => {
          const before = taskOf(id, destination);
          erasures.setTask(id, {
            destination,
            state: told.state,
            tries: before.tries + 1,
            nextAt: Math.ceil(told.nextAt ?? 0),
            at: now(),
            reason,
            rows: told.rows === undefined ? before.rows : (before.rows ?? 0) + told.rows,
            isUncounted: before.isUncounted || told.mayBeMore === true,
            isAsked: false,
          });
          finishIfDone(id);
        }),
      );
    },
    open() {
      requireOpen();
      return erasures.open().map(({ id, askedAt, stage, person }): OpenErasure => {
        const { own, shared: _shared, ...ids } = JSON.parse(person ?? '{}') as KeptPerson;
        return { id, askedAt, stage, person: ids, anonymousIds: own, waiting: waitingOf(erasures.tasks(id)) };
      });
    },
    standing() {
      requireOpen();
      return erasures.standing();
    },
    receipt(id) {
      requireOpen();
      const row = erasures.get(id);
      return row === undefined ? undefined : receiptOf(row);
    },
    receipts({ limit, person }) {
      requireOpen();
      const found: ErasureReceipt[] = [];
      for (const row of erasures.all()) {
        if (found.length === limit) break;
        if (person === undefined || isOwner(row, person)) found.push(receiptOf(row));
      }
      return found;
    },
  };
}

/** A number only if it is the number: what may be too low says so. */
function countOf({
  rows,
  isUncounted,
  isAsked,
}: Pick<ErasureTaskRow, 'rows' | 'isUncounted' | 'isAsked'>): Pick<
  ErasureReceipt['destinations'][number],
  'rows' | 'rowsAtLeast'
> {
  if (rows === null) return {};
  return isUncounted || isAsked ? { rowsAtLeast: rows } : { rows };
}

function waitingOf(tasks: readonly ErasureTaskRow[]): OpenErasure['waiting'] {
  return tasks.flatMap(({ destination, state, tries, nextAt }) =>
    state === 'waiting' ? [{ destination, tries, nextAt }] : [],
  );
}

/** As they are, and as they stand in addresses and inside of JSON; of one that begins like another no end may be left. */
function writtenIds({ userId, anonymousId, own }: KeptPerson): readonly string[] {
  return [userId, anonymousId, ...own]
    .flatMap((id = '') => [id, encodeURIComponent(id.toWellFormed()), JSON.stringify(id).slice(1, -1)])
    .filter((text) => text !== '')
    .sort((one, other) => other.length - one.length);
}
