import { type LoadOptions, RudderAnalytics } from '@rudderstack/analytics-js/bundled';

declare const window: { client: unknown };
// Put in their places when the page is served.
declare const COLLECTOR: string;
declare const KEY: string;
declare const OPTIONS: LoadOptions;

const client = new RudderAnalytics();
client.load(KEY, COLLECTOR, { configUrl: COLLECTOR, ...OPTIONS });
window.client = client;
