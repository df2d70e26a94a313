import { createTracker as createBrowserTracker, pageViews } from '@org/track-browser';
import { createWorkerTracker as createPageWorkerTracker } from '@org/track-browser/worker';
import { createConsent, createIds, createMemoryOutbox, createQueue, createTracker } from '@org/track-core';
import { createTracker as createNodeTracker } from '@org/track-node';
import { createWorkerTracker } from '@org/track-node/worker';
import { connection } from 'next/server';
import type { ReactNode } from 'react';

const endpoint = 'https://collector.invalid/api/j';

/** Every package may be imported and used where a server renders: what is for pages is inert there. */
export default async function Packages(): Promise<ReactNode> {
  await connection();
  const clock = { now: () => Date.now(), elapsed: () => performance.now(), after: () => () => {} };
  const transport = { send: async () => ({ kind: 'delivered' }) as const };
  const made = {
    core: createTracker({
      clock,
      queue: createQueue({ clock, transport, outbox: createMemoryOutbox() }),
      ids: createIds({ now: clock.now }),
      consent: createConsent({ gpc: false, now: clock.now }),
      library: { name: 'example', version: '0' },
    }),
    page: createBrowserTracker({ endpoint: '/api/j', capture: [pageViews()] }),
    pageWorker: createPageWorkerTracker({ endpoint: '/api/j' }),
    node: createNodeTracker({ endpoint, writeKey: 'key', transport }),
    worker: createWorkerTracker({ endpoint, writeKey: 'key', transport }),
  };
  for (const tracker of Object.values(made)) tracker.page();
  await made.node.shutdown();
  return <p id="made">{Object.keys(made).join(' ')}</p>;
}
