import { attempt, type PageContext, type Plan, type Tracker } from '@org/track-core';

/** A call made before the tracker was there, as the stub of a page noted it. */
export interface QueuedCall {
  /** `track`, `page`, `screen`, `identify`, `group`, `alias`, `reset`, or `consent` for `consent.set`. */
  readonly call: string;
  readonly args: readonly unknown[];
  /** When it was made, epoch milliseconds. */
  readonly at: number;
  /** The page as it was then. */
  readonly url: string;
  readonly title: string;
  readonly referrer: string;
}

const recording = /^(track|page|screen|identify|group|alias)$/;

type Call = (subject?: unknown, details?: unknown, options?: unknown) => unknown;

/** An address as the tracker reads it: no name and password, no tokens in the fragment. */
function pageOf(address: string): PageContext {
  const { origin, pathname: path, search, hash } = new URL(address);
  return { url: origin + path + search + (hash.includes('=') ? '' : hash), path, search };
}

/**
 * Makes the calls that a page's stub has queued, each with the page and the time it was made at, and from now on those
 * that still reach the queue. What is no such call is passed over; nothing is made twice.
 *
 * What a call itself says in its options comes first.
 *
 * @example orgTrack.replay(tracker.queue, tracker = orgTrack.createTracker({ endpoint: '/api/j' }));
 */
export function replay<P extends Plan>(queue: QueuedCall[], tracker: Tracker<P, 'browser'>): void {
  function make({ call, args: [subject, details, said], at, url, title, referrer }: QueuedCall): void {
    if (call === 'reset') tracker.reset();
    if (call === 'consent') tracker.consent.set(subject as object);
    if (!recording.test(call)) return;
    const page = attempt(() => pageOf(url));
    const options = { timestamp: new Date(at), ...(said as object) } as { readonly context?: object };
    const context = { ...(page && { page: { ...page, title, referrer } }), ...options.context };
    const calls = tracker as unknown as Readonly<Record<string, Call>>;
    calls[call]?.(subject, details, { ...options, context });
  }

  const push = (...calls: QueuedCall[]): number => {
    for (const call of calls) attempt(() => make(call));
    return 0;
  };
  attempt(() => {
    const waiting = queue.splice(0);
    // Who kept a function of the stub goes on calling that, also out of one of these calls.
    queue.push = push;
    push(...waiting);
  });
}
