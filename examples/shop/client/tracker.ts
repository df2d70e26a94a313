import { clicks, createTracker, pageViews } from '@org/track-browser';
import type { plan } from '../plan.ts'; // types only: no byte of zod reaches the page
import { announce } from './announce.ts';

/** The one tracker of this page: any planned event a browser may send, with the properties the plan asks for. */
export const tracker = createTracker<typeof plan>({
  endpoint: '/api/j',
  capture: [pageViews(), clicks()],
  plugins: [announce()],
});
export type ShopTracker = typeof tracker;
