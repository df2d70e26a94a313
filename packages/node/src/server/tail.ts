import type { EventSource } from '@org/track-core';
import type { Collector } from '../collector/create-collector.ts';
import type { Arrival } from '../collector/store-events.ts';

/** What somebody wants to see of all that arrives. */
export interface TailFilter {
  /** The name of a `track` event, or the type of another one. */
  readonly event?: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly source?: EventSource;
  readonly status?: Arrival['status'];
}

/** One arrival; or how many were left out because the reader is slow; or that nothing came, and the reader is still heard. */
export type TailLine = Arrival | { readonly skipped: number } | { readonly isQuiet: true };

/** Whoever waits for an answer gives up when they hear nothing for minutes: `fetch` after five. Milliseconds. */
export const signOfLifeMs = 10_000;

/** Arrivals that wait for a reader; more are left out and counted. */
const maxWaiting = 1_000;

export function passes({ event, status, source }: Arrival, filter: TailFilter): boolean {
  const fields = (typeof event === 'object' && event !== null ? event : {}) as Readonly<Record<string, unknown>>;
  const { type, event: name, userId, anonymousId } = fields;
  return (
    (filter.event === undefined || filter.event === name || filter.event === type) &&
    (filter.userId === undefined || filter.userId === userId) &&
    (filter.anonymousId === undefined || filter.anonymousId === anonymousId) &&
    (filter.source === undefined || filter.source === source) &&
    (filter.status === undefined || filter.status === status)
  );
}

/** What arrives from now on. It listens until the reader stops, or the collector's process ends. */
export function tailOf({ watch }: Pick<Collector, 'watch'>, filter: TailFilter): AsyncIterable<TailLine> {
  return {
    [Symbol.asyncIterator]() {
      const waiting: TailLine[] = [];
      let skipped = 0;
      let wake: (() => void) | undefined;
      let isStopped = false;
      const stop = watch((arrival) => {
        if (!passes(arrival, filter)) return;
        if (waiting.length < maxWaiting) waiting.push(arrival);
        else skipped++;
        wake?.();
      });

      /** Resolves with true when something came, or nothing more will; with false when it was quiet for too long. */
      function woken(): Promise<boolean> {
        return new Promise((resolve) => {
          const timer = setTimeout(() => resolve(false), signOfLifeMs);
          wake = () => {
            clearTimeout(timer);
            resolve(true);
          };
        });
      }

      return {
        async next() {
          while (waiting.length === 0 && skipped === 0 && !isStopped) {
            if (!(await woken())) return { done: false, value: { isQuiet: true } };
          }
          const line = waiting.shift();
          if (line !== undefined) return { done: false, value: line };
          if (skipped === 0) return { done: true, value: undefined };
          const value = { skipped };
          skipped = 0;
          return { done: false, value };
        },
        async return() {
          stop();
          isStopped = true;
          wake?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
