// The browser's half of the shop: one tracker, and small modules that tell it what happens on the page.
import { mountConsentBanner } from './consent-banner.ts';
import { identifyAfterSignIn, trackForms, trackPage } from './track-page.ts';
import { tracker } from './tracker.ts';

mountConsentBanner(tracker.consent);
identifyAfterSignIn(tracker);
trackPage(tracker);
trackForms(tracker);

// For whoever drives this page (see drive.ts) or explores it from the console: no global, just an event.
document.dispatchEvent(new CustomEvent('shop:ready', { detail: tracker }));
