import { newTracker, trackPageView, trackSelfDescribingEvent } from '@snowplow/browser-tracker';

newTracker('bench', location.origin, { appId: 'bench', encodeBase64: false });
trackPageView();

const schema = 'iglu:com.example/product_added/jsonschema/1-0-0';

window.client = { track: (data) => trackSelfDescribingEvent({ event: { schema, data } }) };
