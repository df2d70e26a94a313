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

/** Events wait in memory and die with the process: bounded and in order. */
export function createMemoryOutbox<T = string>({
  maxEvents = 10_000,
  maxBytes = 16 << 20,
  overflow = 'drop-oldest',
}: MemoryOutboxOptions = {}): Outbox<T> {
  let onDropped: OutboxHost['onDropped'];
  let entries: Entry<T>[] = []; // oldest first; those before `head` have left
  let head = 0;
  let waitingBytes = 0;
  const leased = new Set<string>();
  const waiting = (): number => entries.length - head;

  function takeOldest(count: number): readonly Entry<T>[] {
    const taken = entries.slice(head, head + count);
    head += count;
    // Cut when half has left: each entry is moved once, however many wait.
    if (head * 2 > entries.length) {
      entries = entries.slice(head);
      head = 0;
    }
    for (const { bytes } of taken) waitingBytes -= bytes;
    return taken;
  }

  return {
    durable: false,
    open(host) {
      onDropped = host.onDropped;
    },
    add(added) {
      for (const entry of added) {
        waitingBytes += entry.bytes;
        const isFull = (): boolean => waiting() >= maxEvents || waitingBytes > maxBytes;
        if (overflow === 'drop-newest' && isFull()) {
          waitingBytes -= entry.bytes;
          onDropped([entry.id], 'outbox-full');
          continue;
        }
        while (isFull() && waiting()) for (const { id } of takeOldest(1)) onDropped([id], 'outbox-full');
        entries.push(entry);
      }
    },
    pull(limits) {
      const taken = takeOldest(batchEnd(entries.slice(head, head + limits.maxEvents), limits));
      for (const { id } of taken) leased.add(id);
      return taken;
    },
    settle(ids) {
      for (const id of ids) leased.delete(id);
    },
    release(released) {
      for (const { id, bytes } of released) if (leased.delete(id)) waitingBytes += bytes;
      entries = [...released, ...entries.slice(head)];
      head = 0;
    },
    depth: () => ({ waiting: waiting(), waitingBytes, leased: leased.size }),
    close() {},
  };
}
