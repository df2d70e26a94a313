import type { Entry } from '../event/entry.ts';
import { batchEnd } from './batch-end.ts';
import type { Outbox, OutboxHost } from './outbox.ts';

/** What to give up when there is no room: what waited longest, or what just came. */
export type OverflowPolicy = 'drop-oldest' | 'drop-newest';

export interface MemoryOutboxOptions {
  /** Most entries that may wait. Default 10,000. */
  readonly maxEvents?: number;
  /** Most bytes that may wait. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Default `drop-oldest`. Either way the loss is counted as `outbox-full`. */
  readonly overflow?: OverflowPolicy;
}

/** Events wait in memory and die with the process: bounded, in order, O(1) for each. */
export function createMemoryOutbox<T = string>({
  maxEvents = 10_000,
  maxBytes = 16 * 1024 * 1024,
  overflow = 'drop-oldest',
}: MemoryOutboxOptions = {}): Outbox<T> {
  let host: OutboxHost | undefined;
  let entries: Entry<T>[] = []; // oldest first; those before `head` have left
  let head = 0;
  let waitingBytes = 0;
  const leased = new Set<string>();

  /** Removes the oldest `count` waiting entries; the array is cut only now and then, so each costs O(1). */
  function takeOldest(count: number): readonly Entry<T>[] {
    const taken = entries.slice(head, head + count);
    for (const entry of taken) waitingBytes -= entry.bytes;
    head += count;
    if (head > 1_000 && head * 2 > entries.length) {
      entries = entries.slice(head);
      head = 0;
    }
    return taken;
  }

  return {
    durable: false,
    open(newHost) {
      host = newHost;
    },
    add(added) {
      for (const entry of added) {
        const isFull = (): boolean => entries.length - head >= maxEvents || waitingBytes + entry.bytes > maxBytes;
        if (overflow === 'drop-newest' && isFull()) {
          host?.onDropped([entry.id], 'outbox-full');
          continue;
        }
        while (isFull() && entries.length > head) {
          host?.onDropped(
            takeOldest(1).map(({ id }) => id),
            'outbox-full',
          );
        }
        entries.push(entry);
        waitingBytes += entry.bytes;
      }
    },
    pull(limits) {
      const taken = takeOldest(batchEnd(entries, head, limits) - head);
      for (const { id } of taken) leased.add(id);
      return taken;
    },
    settle(settlements) {
      for (const { id } of settlements) leased.delete(id);
    },
    depth: () => ({ waiting: entries.length - head, waitingBytes, leased: leased.size }),
    close() {},
  };
}
