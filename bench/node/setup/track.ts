import { createTracker, type NodeTrackerOptions } from '@org/track-node';
import type { CreateServerClient } from '../../../tests/faults-node/client.ts';

/** Room for the longest queue that is measured. */
export const maxQueued = 200_000;

export const create: CreateServerClient = ({ origin }) => trackerFor(origin, { maxQueued });

export function trackerFor(origin: string, options: Partial<NodeTrackerOptions>): ReturnType<CreateServerClient> {
  const tracker = createTracker({
    endpoint: `${origin}/v1/batch`,
    writeKey: 'bench',
    consent: { analytics: true },
    ...options,
  });
  return {
    track: (marker, text) => void tracker.track('Fault Met', { marker, text }, { userId: 'u1' }),
    shutdown: () => tracker.shutdown(),
  };
}
