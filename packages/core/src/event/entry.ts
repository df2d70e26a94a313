import type { ConsentCategory } from './event.ts';

/**
 * One event on its way, weighed and serialised once.
 *
 * @typeParam T - what travels: JSON text from a tracker, a parsed event to a destination
 */
export interface Entry<T = string> {
  /** The event's `messageId`: entries are settled by identity, never by position. */
  readonly id: string;
  readonly value: T;
  /** UTF-8 length of the event's JSON. */
  readonly bytes: number;
  /** What the event is for; consent for it is judged again when it leaves. */
  readonly purpose: ConsentCategory;
  /** Wall clock when it was accepted, epoch milliseconds. */
  readonly queuedAt: number;
  /** Failed tries so far: the queue's own note. */
  tries?: number;
}

/** One event's fate, final. `dropped`: we let it go, for a named reason. `dead`: the far end refused it for good. */
export type Verdict =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'dropped'; readonly reason: string }
  | { readonly kind: 'dead'; readonly reason: string };
