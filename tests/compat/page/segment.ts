import { AnalyticsBrowser, type InitOptions } from '@segment/analytics-next';

declare const window: { client: unknown };
// Put in their places when the page is served.
declare const COLLECTOR: string;
declare const KEY: string;
declare const OPTIONS: InitOptions;

window.client = AnalyticsBrowser.load({ writeKey: KEY, cdnURL: COLLECTOR }, OPTIONS);
