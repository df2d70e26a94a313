/** What a page lives through, as far as delivery and page views care. */
export interface PageMoments {
  /** It may go away now: hidden, left or frozen. It may also come back. */
  onExit(): void;
  /** It is visible or online again. `isRestored`: it comes back from the back/forward cache. */
  onReturn(isRestored?: boolean): void;
}

/**
 * Watches the page until `signal` says stop.
 *
 * No `unload` or `beforeunload`: they are unreliable on phones and keep pages out of the back/forward cache.
 * https://developer.chrome.com/docs/web-platform/page-lifecycle-api
 */
export function watchPage({ onExit, onReturn }: PageMoments, signal: AbortSignal): void {
  const moments = {
    pagehide: onExit,
    freeze: onExit,
    visibilitychange: () => (document.hidden ? onExit() : onReturn()),
    online: () => onReturn(),
    pageshow: ({ persisted }: Event & { readonly persisted?: boolean }) => persisted && onReturn(persisted),
  };
  // Captured, because what happens to the document does not reach the window otherwise.
  const options = { capture: true, passive: true, signal };
  for (const [type, hear] of Object.entries(moments)) addEventListener(type, hear, options);
}
