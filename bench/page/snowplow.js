import { newTracker, trackSelfDescribingEvent } from '@snowplow/browser-tracker';

newTracker('bench', location.origin, { appId: 'bench', encodeBase64: false });

window.client = {
  track(marker, sizeBytes) {
    const data = { marker, text: incompressible(sizeBytes) };
    trackSelfDescribingEvent({ event: { schema: 'iglu:com.example/fault_met/jsonschema/1-0-0', data } });
  },
};
