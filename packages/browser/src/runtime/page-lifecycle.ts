/** What the page tells when something happens to it; `persisted` when it comes back from the back/forward cache. */
export type PageMoment = Event & { readonly persisted?: boolean };

/** Hears `type` wherever it happens on the page, without holding it up, until `signal` says stop. */
export function listen(type: string, hear: (moment: PageMoment) => void, signal?: AbortSignal): void {
  // Captured, because what happens to the document does not reach the window otherwise.
  addEventListener(type, hear, { signal, capture: true, passive: true } as AddEventListenerOptions);
}

/**
 * Watches what a page lives through, until `signal` says stop. `onExit`: it may go away now, hidden, left or frozen, and
 * may also come back. `onReturn`: it is visible or online again, or comes back from the back/forward cache.
 *
 * No `unload` or `beforeunload`: they are unreliable on phones and keep pages out of the back/forward cache.
 * https://developer.chrome.com/docs/web-platform/page-lifecycle-api
 */
export function watchPage(onExit: () => void, onReturn: (moment: PageMoment) => void, signal: AbortSignal): void {
  listen('online', onReturn, signal);
  listen('freeze', onExit, signal);
  listen('pagehide', onExit, signal);
  listen('visibilitychange', (moment) => (document.hidden ? onExit() : onReturn(moment)), signal);
  listen('pageshow', (moment) => moment.persisted && onReturn(moment), signal);
}
