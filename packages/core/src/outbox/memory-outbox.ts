import type { Entry } from '../event/entry.ts';
import type { Outbox, OutboxHost } from './outbox.ts';

export interface MemoryOutboxOptions {
  /** Most entries that may wait. Default 10,000. */
  readonly maxEvents?: number;
  /** Most bytes that may wait. Default 16 MiB. */
  readonly maxBytes?: number;
}

/** Events wait in memory and die with the process: bounded and in order. */
export function createMemoryOutbox<T = string>({
  maxEvents = 10_000,
  maxBytes = 16 << 20,
}: MemoryOutboxOptions = {}): Outbox<T> {
  let host: OutboxHost;
  let entries: Entry<T>[] = []; // oldest first
  let waitingBytes = 0;

  /** Takes entries out, all at once: the others are moved once for a batch, not once for each of it. */
  function take(howMany: number): Entry<T>[] {
    const taken = entries.splice(0, howMany);
    for (const { bytes } of taken) waitingBytes -= bytes;
    return taken;
  }

  return {
    open(newHost) {
      host = newHost;
    },
    add(entry) {
      entries.push(entry);
      waitingBytes += entry.bytes;
      // One that is larger than the bound may wait alone.
      while (entries.length > (waitingBytes > maxBytes ? 1 : maxEvents)) {
        for (const { id } of take(1)) host.onDropped(id, 'outbox-full');
      }
    },
    pull(limits) {
      let room = limits.maxBytes;
      const end = entries.findIndex(({ bytes }, index) => {
        room -= bytes;
        // One at least: one that is too large alone is for the far end to refuse.
        return index && (room < 0 || index === limits.maxEvents);
      });
      return take(end < 0 ? entries.length : end);
    },
    settle() {}, // forgotten since it was pulled
    release(released) {
      entries = [...released, ...entries];
      for (const { bytes } of released) waitingBytes += bytes;
    },
    depth: () => ({ waitingBytes, waiting: entries.length }),
    close() {
      for (const { id } of take(entries.length)) host.onDropped(id, 'shutdown');
    },
  };
}
