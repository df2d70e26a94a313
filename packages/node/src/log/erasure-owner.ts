import { createHash } from 'node:crypto';
import type { ErasureRow } from './erasure-table.ts';
import type { PersonIds } from './person.ts';

/** Whom an erasure is about: the ids that were named, and devices that were theirs alone. */
export interface ErasureOwner extends PersonIds {
  readonly own?: readonly string[];
}

/** A hash of each id, with the erasure's own salt: whoever has an id finds the erasure, and nobody finds the id. */
export function ownerHashes(salt: Uint8Array, owner: ErasureOwner): string[] {
  return labelled(owner).map((id) => createHash('sha256').update(salt).update(id).digest('hex'));
}

export function isOwner({ salt, hashes }: Pick<ErasureRow, 'salt' | 'hashes'>, person: PersonIds): boolean {
  return ownerHashes(salt, person).some((hash) => hashes.includes(hash));
}

/** Each with what kind of id it is: the same text can be one person's `userId` and another's `anonymousId`. */
function labelled({ userId, anonymousId, own = [] }: ErasureOwner): readonly string[] {
  const devices = new Set([...(anonymousId === undefined ? [] : [anonymousId]), ...own]);
  return [...(userId === undefined ? [] : [`userId ${userId}`]), ...[...devices].map((id) => `anonymousId ${id}`)];
}
