import { clicks, createTracker, engagement, pageViews, scrollDepth } from '@org/track-browser';
import type { plan } from '../plan.ts'; // types only: no byte of zod reaches the page
import { announce } from './announce.ts';
import { articleReads } from './article-reads.ts';

/** An article's text, and what is between header and footer of any other page. */
const content = '[data-content], main:not(:has([data-content]))';

/** The one tracker of this page: any planned event a browser may send, with the properties the plan asks for. */
export const tracker = createTracker<typeof plan>({
  endpoint: '/api/j',
  capture: [pageViews(), clicks(), engagement(), scrollDepth({ content })],
  plugins: [articleReads(), announce()],
});
export type ShopTracker = typeof tracker;
