import { buildSelfDescribingEvent, newTracker } from '@snowplow/node-tracker';

export function create({ origin }) {
  // Base64 would hide the ids that are counted.
  const tracker = newTracker({ namespace: 'bench', appId: 'bench', encodeBase64: false }, { endpoint: origin });
  return {
    track(marker, text) {
      const data = { marker, text };
      tracker.track(buildSelfDescribingEvent({ event: { schema: 'iglu:bench/fault_met/jsonschema/1-0-0', data } }));
    },
    shutdown: async () => tracker.flush(),
  };
}
