import { createTracker, type NodeTrackerOptions, type ServerTracker } from '@org/track-node';
import { afterEach } from 'vitest';
import { createFrontServer, type FrontServer } from '../../faults/front-server.ts';
import type { Sink } from '../../faults/sink.ts';
import { track } from '../../faults-node/clients/track.ts';

const ends: (() => Promise<unknown>)[] = [];

/** Closes what `useFarEnd` and `trackerTo` opened, the youngest first. */
export function closeAfterEach(): void {
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
}

/** A far end that takes what reaches it. Faults come in between. */
const takesAll: Sink = {
  answer: async () => Response.json({ success: true }),
  kept: async () => [],
  close: async () => {},
};

export async function farEnd(sink: Sink = takesAll): Promise<FrontServer> {
  const front = await createFrontServer({ ...track, bundle: async () => '' }, sink);
  ends.push(front.close, sink.close);
  return front;
}

/** A tracker that is soon done with waiting, unless it is told otherwise. */
export function trackerTo(
  { origin }: Pick<FrontServer, 'origin'>,
  options: Partial<NodeTrackerOptions> = {},
): ServerTracker {
  const tracker = createTracker({
    endpoint: `${origin}/v1/batch`,
    writeKey: 'key',
    consent: { analytics: true },
    ...options,
    queue: { baseDelayMs: 50, ...options.queue },
  });
  ends.push(() => tracker.shutdown({ deadlineMs: 0 }));
  return tracker;
}

let made = 0;

/** Tracks so many events, and says which. */
export function trackMany(tracker: ServerTracker, count: number, sizeBytes = 10): readonly string[] {
  return Array.from({ length: count }, () => {
    const marker = `e${made++}`;
    tracker.track('Fault Met', { marker, text: 'x'.repeat(sizeBytes) }, { userId: 'u1' });
    return marker;
  });
}

/** What the far end took, in its order, copies included. */
export const takenBy = ({ sightings }: FrontServer): readonly string[] =>
  sightings.filter(({ isTaken }) => isTaken).map(({ id }) => id);
