import type { Outbox, OutboxHost } from '@org/track-core';

/** Lets what waits in an outbox rest. */
export interface Parking {
  /** From now on nothing is sent. Of what comes meanwhile, what finds `maxEvents` waiting is dropped as `outbox-full`. */
  park(maxEvents: number): void;
  /** What waits is due again. */
  resume(): void;
}

/**
 * Makes of `outbox`, before it is opened, one that can be parked. A queue that asks a parked one hears that nothing waits:
 * it sends nothing, sets no timer, and a flush or a shutdown is not held up.
 *
 * All entries are where they were, on disk too. Consent still sweeps them, and the next visit finds them.
 */
export function createParking(outbox: Outbox): Parking {
  const { open, add, depth, rest } = outbox;
  let host: OutboxHost;
  let isParked = false;
  let room = 0; // while parked

  outbox.open = (newHost) => {
    host = newHost;
    open(newHost);
  };
  outbox.depth = () => (isParked ? { waiting: 0, waitingBytes: 0 } : depth());
  // Nobody else may take over what this page still answers for.
  outbox.rest = () => {
    if (!depth().waiting) rest?.();
  };
  outbox.add = (entry) => {
    if (!isParked || depth().waiting < room) return add(entry);
    host.onDropped(entry.id, 'outbox-full');
  };

  return {
    park(maxEvents) {
      isParked = true;
      room = maxEvents;
    },
    resume() {
      if (!isParked) return;
      isParked = false;
      host.onArrived(0, true);
    },
  };
}
