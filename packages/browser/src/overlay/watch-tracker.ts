import {
  attempt,
  type EventType,
  type Receipt,
  type SendOutcome,
  type SendVerdict,
  type Tracker,
} from '@org/track-core';
import type { CarryFirst, DeliveryPart } from '../transport/delivery-part.ts';
import type { Journal } from './journal.ts';

type Method = (...said: readonly unknown[]) => unknown;

const calls: readonly EventType[] = ['track', 'page', 'screen', 'identify', 'group', 'alias'];

/**
 * Writes down each call of `tracker`, whoever makes it, until `signal` says stop.
 *
 * A tracker is an object whose methods may be replaced, and only the call itself knows of events that never get through.
 */
export function watchTracker(tracker: Tracker, journal: Journal, signal: AbortSignal): void {
  const methods = tracker as unknown as Record<string, Method>;

  function watch<V>(name: string, hear: (value: V, said: readonly unknown[]) => void): void {
    const original = methods[name] as Method;
    const watched: Method = (...said) => {
      const value = original(...said);
      if (!signal.aborted) attempt(() => hear(value as V, said));
      return value;
    };
    methods[name] = watched;
    signal.addEventListener('abort', () => {
      // Somebody else's wrapping, put around it since, stays.
      if (methods[name] === watched) methods[name] = original;
    });
  }

  for (const type of calls) watch<Receipt>(type, (receipt, said) => journal.called(receipt, type, said));
  watch<Tracker>('with', (inner) => watchTracker(inner, journal, signal));
}

/** Writes down each request, and what was answered. */
export const watchDelivery = (journal: Journal): DeliveryPart =>
  ((next) => ({
    async send(entries, options) {
      const ids = entries.map(({ id }) => id);
      journal.sent(entries);
      const outcome = await next.send(entries, options).catch(() => noAnswer);
      const { common, word } = read(outcome, ids.length);
      // No `in`: it is said by a short name in the published files.
      const { verdicts } = outcome as { readonly verdicts?: ReadonlyMap<string, SendVerdict> };
      journal.answered(ids, word, (id) => verdicts?.get(id) ?? common);
      return outcome;
    },
  })) satisfies CarryFirst as DeliveryPart;

/** What a rejected request means to the queue. */
const noAnswer: SendOutcome = { kind: 'retry', reason: 'network' };

/** What an outcome means for each event of its batch, and in a word. */
function read(outcome: SendOutcome, events: number): { readonly common: SendVerdict; readonly word: string } {
  const { kind } = outcome;
  if (kind === 'delivered') return { common: { kind }, word: kind };
  if (kind === 'unconfirmed') return { common: { kind: 'retry', reason: kind }, word: kind };
  const { reason } = outcome;
  // Smaller batches are tried first.
  const isSplit = reason === 'too-large' && events > 1;
  return { common: isSplit ? { kind: 'retry', reason } : { kind, reason }, word: reason };
}
