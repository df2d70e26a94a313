// One event from `track()` to its delivery, with nothing but what every runtime has.
import { clicks, createTracker as createBrowserTracker, pageViews } from '@org/track-browser';
import { createConsent, createIds, createMemoryOutbox, createQueue, createTracker } from '@org/track-core';
import { createFakeClock, createScriptedTransport } from '@org/track-core/testing';

export async function deliverOne() {
  const clock = createFakeClock();
  const transport = createScriptedTransport();
  const tracker = createTracker({
    clock,
    queue: createQueue({ clock, transport, outbox: createMemoryOutbox() }),
    ids: createIds({ now: clock.now }),
    consent: createConsent({ undecided: true, now: clock.now }),
    library: { name: 'smoke', version: '0' },
  });
  tracker.track('Order Completed', { order_id: 'o1' }, { userId: 'u1' });
  const { accepted, delivered, pending } = await tracker.flush();

  // Where there is no page the browser's tracker is inert, and says so.
  const inert = createBrowserTracker({ endpoint: '/api/j', capture: [pageViews(), clicks()] });
  inert.track('Product Added', {});
  return { accepted, delivered, pending, sent: transport.sent.length, inert: inert.stats().dropped };
}
