import type { Plugin } from '@org/track-core';
import { capturePlugin } from '../capture/capture-plugin.ts';
import type { DeliveryPart } from '../transport/delivery-part.ts';
import { createJournal, type Journey, stations } from './journal.ts';
import { watchDelivery, watchTracker } from './watch-tracker.ts';

export interface DebugOptions {
  /** Gets each line, and the event it is about. Default: `console.debug`. */
  readonly print?: (line: string, event: unknown) => void;
}

export interface Debug extends Plugin {
  /** For the tracker's `delivery`, as the last: tells when an event was sent. Without it only that it was confirmed. */
  readonly delivery: DeliveryPart;
}

/** The way of an event in one line: each station with the milliseconds from the call, and why it goes no further. */
function lineOf({ type, name, reached, state, reason, tries }: Journey): string {
  const way = stations.flatMap((station) => {
    const ms = reached[station];
    if (ms === undefined) return [];
    const times = station === 'sent' && tries > 1 ? ` (${tries} tries)` : '';
    return ms ? `${station}${times} +${Math.round(ms)} ms` : `${station}${times}`;
  });
  const end = state === 'held' ? `waits: ${reason}` : state === 'lost' ? `lost: ${reason}` : [];
  return `${name ? `${type} "${name}"` : type}: ${[way, end].flat().join(' > ')}`;
}

// biome-ignore lint/suspicious/noConsole: whoever asks for it wants it there
const printToConsole = (line: string, event: unknown): void => console.debug(line, event);

/**
 * Prints the way of each event in one line, when its fate is known or something holds it up.
 *
 * @example
 * const debugging = debug();
 * createTracker({ endpoint: '/api/j', plugins: [debugging], delivery: [debugging.delivery] });
 * // track "Product Added": captured > consent > queued > sent +2004 ms > confirmed +2051 ms
 */
export function debug({ print = printToConsole }: DebugOptions = {}): Debug {
  const journal = createJournal();
  const printed = new Map<string, string>();

  return {
    ...capturePlugin('debug', (tracker, signal) => {
      watchTracker(tracker, journal, signal);
      const stop = journal.onChange((journey) => {
        if (!journey || journey.state === 'under-way') return;
        const { messageId, state, reason = '' } = journey;
        // Each new try would hold it up for the same reason again.
        if (printed.get(messageId) === state + reason) return;
        printed.set(messageId, state + reason);
        if (state !== 'held') printed.delete(messageId);
        print(lineOf(journey), journey.event);
      });
      signal.addEventListener('abort', stop);
    }),
    process(event) {
      journal.passed(event);
      return event;
    },
    delivery: watchDelivery(journal),
  };
}
