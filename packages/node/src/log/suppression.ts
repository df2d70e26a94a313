import { createHash } from 'node:crypto';
import { isOwner } from './erasure-owner.ts';
import { ErasureUnderWayError, LogUnavailableError, type SuppressionList } from './log.ts';
import type { LogStore } from './log-store.ts';
import { browserIdIn, idTextOf, type PersonIds } from './person.ts';

/** What an id is: the same text can be one person's `userId` and another's `anonymousId`. */
type IdKind = keyof PersonIds;

/**
 * The list in the log's own file. In memory are 48 bits of each hash, about 40 bytes; a match is looked up, so that two
 * people with the same 48 bits are still two people.
 */
export function createSuppression(store: LogStore, now: () => number, isClosed: () => boolean): SuppressionList {
  const salt = Buffer.from(store.suppressionSalt()).toString('hex');
  const marks = new Set<number>();
  for (const digest of store.suppressed()) marks.add(markOf(digest));
  // Events of one batch, and neighbours in the log, mostly have the same ids.
  const lately = new Map<string, boolean>();

  const digestOf = (kind: IdKind, id: string): Buffer => createHash('sha256').update(`${salt} ${kind} ${id}`).digest();

  function isSuppressed(kind: IdKind, given: unknown): boolean {
    const id = idTextOf(given);
    if (typeof id !== 'string') return false;
    const key = `${kind} ${id}`;
    const known = lately.get(key);
    if (known !== undefined) return known;
    const digest = digestOf(kind, id);
    const found = marks.has(markOf(digest)) && isStored(digest);
    if (lately.size >= maxLately) lately.clear();
    lately.set(key, found);
    return found;
  }

  function isStored(digest: Buffer): boolean {
    try {
      return store.isSuppressed(digest);
    } catch {
      return true; // the disk cannot be read now, and 48 bits that match are hardly a coincidence
    }
  }

  async function change(
    person: PersonIds,
    write: (digest: Buffer) => void,
    remember: (mark: number) => void,
    mayChange: (person: PersonIds) => void = () => {},
  ): Promise<void> {
    const digests = digestsOf(person);
    if (isClosed()) throw new LogUnavailableError('The log is closed.');
    try {
      store.transaction(() => {
        mayChange(person);
        digests.forEach(write);
      });
    } catch (cause) {
      if (cause instanceof ErasureUnderWayError) throw cause;
      throw new LogUnavailableError('The log could not store who is suppressed.', { cause });
    }
    for (const digest of digests) remember(markOf(digest));
    lately.clear();
  }

  function requireForgotten(person: PersonIds): void {
    const erasure = store.erasures.open().find((row) => isOwner(row, person));
    if (erasure === undefined) return;
    const waiting = store.erasures.tasks(erasure.id).filter(({ state }) => state === 'waiting');
    const whom = waiting.length === 0 ? 'the log' : waiting.map(({ destination }) => destination).join(', ');
    throw new ErasureUnderWayError(
      `unsuppress: an erasure of this person is not done (receipt ${erasure.id}, it waits for ${whom}): what comes from now on would be erased with it. Ask again when it is.`,
    );
  }

  function digestsOf(person: PersonIds): readonly Buffer[] {
    const digests = kinds.flatMap((kind) => {
      const id: unknown = person?.[kind];
      if (id === undefined) return [];
      if (typeof id !== 'string' || id === '')
        throw new TypeError(`suppress: ${kind}: expected a text that is not empty`);
      return [digestOf(kind, id)];
    });
    if (digests.length === 0) throw new TypeError('suppress: expected a userId, an anonymousId, or both');
    return digests;
  }

  return {
    add: (person) =>
      change(
        person,
        (digest) => store.insertSuppressed(digest, now()),
        (mark) => void marks.add(mark),
      ),
    // A mark may be another person's too: it stays until the next start, and costs a look-up.
    remove: (person) => change(person, store.deleteSuppressed, () => {}, requireForgotten),
    has(event) {
      if (marks.size === 0 || typeof event !== 'object' || event === null) return false;
      const { userId, anonymousId, previousId } = event as { readonly [key: string]: unknown };
      return (
        isSuppressed('userId', userId) ||
        isSuppressed('anonymousId', anonymousId) ||
        isSuppressed('userId', previousId) ||
        isSuppressed('anonymousId', previousId) ||
        isSuppressed('anonymousId', browserIdIn(event))
      );
    },
  };
}

const kinds: readonly IdKind[] = ['userId', 'anonymousId'];

const maxLately = 1_000;

function markOf(digest: Uint8Array): number {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).readUIntBE(0, 6);
}
