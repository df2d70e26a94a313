import type { Clock, Entry, Outbox, Queue, QueueStats } from '@org/track-core';

/** An outbox that knows since when its events wait, those that an earlier process left included. */
export interface AgedOutbox extends Outbox {
  /** When the oldest entry without a fate was queued, epoch milliseconds; `undefined` if there is none. Asked any time. */
  oldestQueuedAt(): number | undefined;
}

/** The same outbox, which knows since when its events wait. Of those that it was not given, it knows only what it says itself. */
export function createAgedOutbox(outbox: Outbox | AgedOutbox): AgedOutbox {
  if (isAged(outbox)) return outbox;
  // In the order they came: the oldest is the first, whatever was settled before it and behind it.
  const unsettled = new Map<string, Entry>();
  return {
    open: (host) => outbox.open(host),
    add(entry) {
      unsettled.set(entry.id, entry); // first, for there may be no room for it
      return outbox.add(entry);
    },
    pull: (limits) => outbox.pull(limits),
    settle(id, verdict) {
      unsettled.delete(id);
      return outbox.settle(id, verdict);
    },
    release: (entries) => outbox.release(entries),
    rest: () => outbox.rest?.(),
    depth: () => outbox.depth(),
    close: () => outbox.close(),
    oldestQueuedAt() {
      for (const { queuedAt } of unsettled.values()) return queuedAt;
      return undefined;
    },
  };
}

const isAged = (outbox: Outbox | AgedOutbox): outbox is AgedOutbox => 'oldestQueuedAt' in outbox;

/** The same queue, whose books say how long the oldest event in them waits. */
export function withAge(queue: Queue, outbox: AgedOutbox, clock: Clock): Queue {
  return {
    ...queue,
    stats(): QueueStats & { readonly oldestAgeMs?: number } {
      const queuedAt = outbox.oldestQueuedAt();
      // A clock that was set back makes nothing younger than new.
      return {
        ...queue.stats(),
        ...(queuedAt === undefined ? {} : { oldestAgeMs: Math.max(0, clock.now() - queuedAt) }),
      };
    },
  };
}
