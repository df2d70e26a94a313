import {
  clicks,
  createTracker,
  engagement,
  forms,
  impressions,
  media,
  pageViews,
  rageClicks,
  scrollDepth,
  servedPage,
  webVitals,
} from '@org/track-browser';
import type { plan } from '../plan.ts'; // types only: no byte of zod reaches the page
import { announce } from './announce.ts';
import { articleReads } from './article-reads.ts';

/** An article's text, and what is between header and footer of any other page. */
const content = '[data-content], main:not(:has([data-content]))';

/** The one tracker of this page: any planned event a browser may send, with the properties the plan asks for. */
export const tracker = createTracker<typeof plan>({
  endpoint: document.documentElement.dataset.endpoint ?? '/api/j',
  capture: [
    pageViews(),
    clicks(),
    engagement(),
    scrollDepth({ content }),
    // Half a second: long enough for a headline to have been read, short enough not to miss a quick eye.
    impressions({ minMs: 500 }),
    forms(),
    rageClicks(),
    media(),
    webVitals(),
  ],
  plugins: [articleReads(), servedPage(), announce()],
});
export type ShopTracker = typeof tracker;
