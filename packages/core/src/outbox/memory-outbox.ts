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
  let entries: Entry<T>[] = []; // oldest first
  let waitingBytes = 0;
  const leased = new Set<string>();

  function take(from: number, count: number): readonly Entry<T>[] {
    const taken = entries.splice(from, count);
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
        entries.push(entry);
        waitingBytes += entry.bytes;
        while (entries.length > maxEvents || waitingBytes > maxBytes) {
          for (const { id } of take(overflow === 'drop-newest' ? -1 : 0, 1)) onDropped([id], 'outbox-full');
        }
      }
    },
    pull(limits) {
      const taken = take(0, batchEnd(entries, limits));
      for (const { id } of taken) leased.add(id);
      return taken;
    },
    settle(ids) {
      for (const id of ids) leased.delete(id);
    },
    release(released) {
      for (const { id, bytes } of released) if (leased.delete(id)) waitingBytes += bytes;
      entries = [...released, ...entries];
    },
    depth: () => ({ waiting: entries.length, waitingBytes, leased: leased.size }),
    close() {},
  };
}
