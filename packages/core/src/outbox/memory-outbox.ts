import type { Entry } from '../event/entry.ts';
import type { Outbox, OutboxHost } from './outbox.ts';

export interface MemoryOutboxOptions {
  /** Most entries that may wait. Default 10,000. */
  readonly maxEvents?: number;
  /** Most bytes that may wait. Default 16 MiB. */
  readonly maxBytes?: number;
  /** When there is no room: give up what just came, not what waited longest? Either way counted as `outbox-full`. */
  readonly dropNewest?: boolean;
}

/** Events wait in memory and die with the process: bounded and in order. */
export function createMemoryOutbox<T = string>({
  maxEvents = 10_000,
  maxBytes = 16 << 20,
  dropNewest,
}: MemoryOutboxOptions = {}): Outbox<T> {
  let host: OutboxHost;
  let entries: Entry<T>[] = []; // oldest first; those before `head` have left
  let head = 0;
  let waitingBytes = 0;
  const waiting = (): number => entries.length - head;

  function take(isNewest?: boolean): Entry<T> {
    const entry = (isNewest ? entries.pop() : entries[head++]) as Entry<T>;
    waitingBytes -= entry.bytes;
    // Cut when half has left: each entry is moved once, however many wait.
    if (head > waiting()) {
      entries = entries.slice(head);
      head = 0;
    }
    return entry;
  }

  return {
    durable: false,
    open(newHost) {
      host = newHost;
    },
    add(entry) {
      entries.push(entry);
      waitingBytes += entry.bytes;
      // One that is larger than the bound may wait alone.
      while (waiting() > (waitingBytes > maxBytes ? 1 : maxEvents)) {
        host.onDropped(take(dropNewest).id, 'outbox-full');
      }
    },
    pull(limits) {
      const pulled: Entry<T>[] = [];
      let room = limits.maxBytes;
      for (let next = entries[head]; next && pulled.length < limits.maxEvents; next = entries[head]) {
        room -= next.bytes;
        // One at least: one that is too large alone is for the far end to refuse.
        if (pulled[0] && room < 0) break;
        pulled.push(take());
      }
      return pulled;
    },
    settle() {}, // forgotten since it was pulled
    release(released) {
      entries = [...released, ...entries.slice(head)];
      head = 0;
      for (const { bytes } of released) waitingBytes += bytes;
    },
    depth: () => ({ waiting: waiting(), waitingBytes }),
    close() {},
  };
}
