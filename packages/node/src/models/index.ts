import { attribution } from './attribution.ts';
import { blockedShare } from './blocked-share.ts';
import { carts } from './carts.ts';
import { completeness } from './completeness.ts';
import { content } from './content.ts';
import { formAbandonment } from './form-abandonment.ts';
import { funnel } from './funnel.ts';
import { identities, stitchedEvents } from './identities.ts';
import { mediaQuality } from './media-quality.ts';
import type { Model } from './model.ts';
import { pageEngagement } from './page-engagement.ts';
import { reconciliation } from './reconciliation.ts';
import { retention } from './retention.ts';
import { servedPages } from './served-pages.ts';
import { sessions } from './sessions.ts';
import { webVitals } from './web-vitals.ts';

export { type AttributionOptions, attribution } from './attribution.ts';
export { type BlockedShareOptions, blockedShare } from './blocked-share.ts';
export { type ContentOptions, content } from './content.ts';
export { eventViews } from './event-views.ts';
export { type FunnelOptions, type FunnelStep, funnel } from './funnel.ts';
export { defineModel, type Model, type SqlDialect, type SqlWords } from './model.ts';
export type { PropertyType } from './property-types.ts';
export { type ReconciliationOptions, reconciliation } from './reconciliation.ts';
export { type RetentionOptions, retention } from './retention.ts';
export { withModels } from './with-models.ts';

/** All of them, each as it is when nobody says otherwise; `funnel` is that of a shop. */
export const models: readonly Model[] = [
  sessions,
  identities,
  stitchedEvents,
  pageEngagement,
  funnel(['Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed']),
  carts,
  content(),
  retention(),
  attribution(),
  mediaQuality,
  webVitals,
  formAbandonment,
  completeness,
  reconciliation(),
  servedPages,
  blockedShare(),
];
