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
  const waiting = (): number => entries.length - head;

  function takeOldest(end: number): readonly Entry<T>[] {
    const taken = entries.slice(head, end);
    for (const { bytes } of taken) waitingBytes -= bytes;
    head = end;
    // Cut only when half is gone: each entry is moved once, however many wait.
    if (head * 2 > entries.length) {
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
        if (overflow === 'drop-newest' && (waiting() >= maxEvents || waitingBytes + entry.bytes > maxBytes)) {
          host?.onDropped([entry.id], 'outbox-full');
          continue;
        }
        entries.push(entry);
        waitingBytes += entry.bytes;
        while (waiting() > maxEvents || waitingBytes > maxBytes) {
          for (const { id } of takeOldest(head + 1)) host?.onDropped([id], 'outbox-full');
        }
      }
    },
    pull(limits) {
      const taken = takeOldest(batchEnd(entries, head, limits));
      for (const { id } of taken) leased.add(id);
      return taken;
    },
    settle(ids) {
      for (const id of ids) leased.delete(id);
    },
    release(released) {
      entries = [...released, ...entries.slice(head)];
      head = 0;
      for (const { id, bytes } of released) if (leased.delete(id)) waitingBytes += bytes;
    },
    depth: () => ({ waiting: waiting(), waitingBytes, leased: leased.size }),
    close() {},
  };
}
