import { createTracker, type NodeTrackerOptions } from '@org/track-node';
import { type CreateServerClient, type Surroundings, writeKey } from '../client.ts';

/** With everything that has a default left to it. */
export const create: CreateServerClient = (surroundings) => trackClient(surroundings);

export function trackClient(
  { origin }: Surroundings,
  options: Partial<NodeTrackerOptions> = {},
): ReturnType<CreateServerClient> {
  const tracker = createTracker({
    endpoint: `${origin}/v1/batch`,
    writeKey,
    consent: { analytics: true },
    ...options,
  });
  return {
    track: (marker, text) => void tracker.track('Fault Met', { marker, text }, { userId: 'u1' }),
    shutdown: () => tracker.shutdown(),
  };
}
