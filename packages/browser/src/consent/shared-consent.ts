import type { Plugin } from '@org/track-core';
import { capturePlugin } from '../capture/capture-plugin.ts';
import { cookieDeviceStore } from '../identity/cookie-device-store.ts';
import { listen } from '../runtime/page-lifecycle.ts';

/** Not in every browser yet, and only in secure contexts. https://cookiestore.spec.whatwg.org/ */
type WithCookieStore = { readonly cookieStore?: EventTarget };

/**
 * Hears what the person decides in another tab or, with `rootDomain()`, on another host of the site: at once where the
 * browser tells when cookies change, and else when this page is seen again or lets its next event through. Without it a
 * page keeps to what it knew until it is loaded again.
 *
 * What was decided elsewhere is `tracker.consent.set(…)` here, so `decidedAt` is when this page heard of it.
 *
 * @example
 * createTracker({ endpoint: '/api/j', plugins: [sharedConsent()] });
 */
export function sharedConsent(): Plugin {
  let hear = (): void => {};
  let isAsking = false; // once for all events of a task

  return {
    ...capturePlugin('shared-consent', ({ consent }, signal) => {
      hear = () => {
        isAsking = false;
        const { preferences, gpc, decidedAt = 0 } = consent.get();
        const [said, saidAt = 0] = cookieDeviceStore.load()?.consent ?? [];
        if (signal.aborted || !(saidAt > decidedAt)) return;
        // A cookie is anybody's to edit, and what it says may be anything.
        const heard = Object.entries(said ?? {}).filter(([, is]) => typeof is === 'boolean');
        const news = { ...Object.fromEntries(heard), ...(gpc && { advertising: false }) };
        // What is known already is not said again: two tabs would go on telling each other for ever.
        const isNew = Object.entries(news).some(([category, is]) => is !== preferences[category as keyof typeof news]);
        if (isNew) consent.set(news);
      };
      listen('visibilitychange', hear, signal);
      listen('pageshow', hear, signal);
      listen('focus', hear, signal); // of two windows both may be visible
      (globalThis as WithCookieStore).cookieStore?.addEventListener('change', hear, { signal });
    }),
    process(event) {
      // After it is queued, so that a no finds it there.
      if (!isAsking) void Promise.resolve().then(hear);
      isAsking = true;
      return event;
    },
  };
}
