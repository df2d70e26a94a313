import type { ErasePerson } from '@org/track-core';
import type { Tally } from './count-erased.ts';
import type { FileFormat, Person } from './file-format.ts';
import type { FileStore, Rewritten } from './file-store.ts';
import { storedId } from './parked-event.ts';

/** Files of events, and how they are worked on. */
export interface Shelf {
  readonly store: FileStore;
  readonly formats: readonly FileFormat[];
  /** A turn for each file: deliveries do not wait until all is read. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  readonly signal: AbortSignal;
}

/** Writes the files that have somebody in them anew, without them. */
export async function erasePerson(wanted: ErasePerson, shelf: Shelf, tally: Tally): Promise<void> {
  const { user, devices } = await knownPerson(wanted, shelf);
  const person = { user, devices: [...devices] };
  await eachFile(shelf, (file, format) => shelf.inTurn(() => eraseIn(shelf, format, file, person, tally)));
}

/** What is about a person, each event once; of a device that others had too only what says that it is theirs. */
export async function exportPerson(wanted: ErasePerson, shelf: Shelf): Promise<readonly object[]> {
  const { user, devices } = await knownPerson(wanted, shelf);
  const own = new Set(devices);
  if (user !== null && devices.size > 0) {
    const others = { user, devices: [...devices] };
    await readEach(shelf, async (path, format) => {
      for (const shared of await format.sharedDevices(others, path, shelf.signal)) own.delete(shared);
    });
    const named = storedId(wanted.anonymousId);
    if (named !== null) own.add(named);
  }
  const person = { user, devices: [...own] };
  const events = new Map<unknown, object>();
  await readEach(shelf, async (path, format) => {
    for (const row of await format.rowsOf(person, path, shelf.signal)) events.set(row.message_id, row);
  });
  return [...events.values()];
}

/** With the devices on which they were known. */
async function knownPerson(
  { userId, anonymousId }: ErasePerson,
  shelf: Shelf,
): Promise<{ readonly user: string | null; readonly devices: ReadonlySet<string> }> {
  const user = storedId(userId);
  const device = storedId(anonymousId);
  const devices = new Set(device === null ? [] : [device]);
  await readEach(shelf, async (path, format) => {
    for (const found of await format.devicesOf({ user, device }, path, shelf.signal)) devices.add(found);
  });
  return { user, devices };
}

function readEach(shelf: Shelf, read: (path: string, format: FileFormat) => Promise<void>): Promise<void> {
  const { store, inTurn, signal } = shelf;
  return eachFile(shelf, async (file, format) => {
    const look = async (path: string): Promise<Rewritten> => {
      await read(path, format);
      return { kind: 'unchanged' };
    };
    await inTurn(async () => void (await store.rewrite(file, look, signal)));
  });
}

/** What else lies there is not ours to read or to change. */
const isOurs = /^dt=[^/]+\/hour=[^/]+\/[^/]+$/;

async function eachFile(
  { store, formats, signal }: Shelf,
  work: (file: string, format: FileFormat) => Promise<void>,
): Promise<void> {
  for await (const file of store.list(signal)) {
    signal.throwIfAborted();
    const format = isOurs.test(file) ? formats.find(({ ending }) => file.endsWith(ending)) : undefined;
    if (format !== undefined) await work(file, format);
  }
}

async function eraseIn(
  { store, signal }: Shelf,
  format: FileFormat,
  file: string,
  person: Person,
  tally: Tally,
): Promise<void> {
  const draft = await store.draft();
  let found = 0;
  const look = async (path: string): Promise<Rewritten> => {
    const { theirs, others } = await format.copyWithout(person, path, draft, signal);
    found = theirs;
    if (theirs === 0) return { kind: 'unchanged' };
    tally.mayBeGone();
    return others === 0 ? { kind: 'gone' } : { kind: 'changed', draft };
  };
  try {
    const isRewritten = await store.rewrite(file, look, signal);
    tally.areGone(isRewritten ? found : 0);
  } finally {
    await store.discard(draft);
  }
}
