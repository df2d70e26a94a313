import type { Identity, Who } from '@org/track-core';

/** Who a worker's events are about, as its page knows it. */
export interface HandedIds {
  /** The device's anonymous id. */
  readonly anonymousId?: string | undefined;
  readonly userId?: string | undefined;
  /** The visit that is under way. */
  readonly sessionId?: string | undefined;
}

/**
 * An identity that was handed in and is kept in memory only. Nobody is made up: a worker's life is no visit, and a new id
 * for each would count visitors who never were.
 */
export function createHandedIdentity({ anonymousId, userId, sessionId }: HandedIds): Identity {
  let who: Who = { anonymousId, userId, ...(sessionId && { session: { id: sessionId } }) };
  return {
    known: () => who,
    touch(newUserId, isSame) {
      // Another known user before means another person, whose ids nobody has told.
      if (newUserId && newUserId !== who.userId) who = { ...((isSame || !who.userId) && who), userId: newUserId };
      return who;
    },
    reset() {
      who = {};
    },
    remember() {}, // the page does
  };
}
