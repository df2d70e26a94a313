import type { OutboxHost } from '@org/track-core';
import type { CarryFirst, DeliveryPart } from './delivery-part.ts';

/**
 * Until the device has stored something, and where it stores nothing, events leave at once instead of waiting for company:
 * the network is then the one place where they survive a browser that is killed.
 *
 * A browser new to the site takes some 100 ms to open its database, on a busy machine several times that. Later visits
 * have it open sooner. Costs a page that is new to the browser a request.
 */
export const eager = (): DeliveryPart =>
  ((next, { outbox }) => {
    const { open, add } = outbox;
    let host: OutboxHost;
    let isStored = false; // what was tracked last, as far as is known

    Object.assign(outbox, {
      open(newHost) {
        host = newHost;
        open(newHost);
      },
      add(entry) {
        const stored = add(entry);
        // It has waited long enough. The queue's own rest, after a 429 or a failure, holds all the same.
        if (!isStored) host.onArrived(0, true);
        void Promise.resolve(stored).then((answer) => {
          isStored = !!answer;
        });
        return stored;
      },
    } satisfies Partial<typeof outbox>);
    return next;
  }) satisfies CarryFirst as DeliveryPart;
