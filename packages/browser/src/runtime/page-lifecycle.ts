/** What a page lives through, as far as delivery and page views care. */
export interface PageMoments {
  /** It may go away now: hidden, left or frozen. It may also come back. */
  onExit(): void;
  /** It is visible or online again. `isRestored`: it comes back from the back/forward cache. */
  onReturn(isRestored?: boolean): void;
}

/**
 * Watches the page until the returned function is called.
 *
 * No `unload` or `beforeunload`: they are unreliable on phones and keep pages out of the back/forward cache.
 * https://developer.chrome.com/docs/web-platform/page-lifecycle-api
 */
export function watchPage({ onExit, onReturn }: PageMoments): () => void {
  const controller = new AbortController();
  const options = { signal: controller.signal, passive: true };
  document.addEventListener('visibilitychange', () => (document.hidden ? onExit() : onReturn()), options);
  document.addEventListener('freeze', () => onExit(), options);
  addEventListener('pagehide', () => onExit(), options);
  addEventListener('online', () => onReturn(), options);
  addEventListener('pageshow', ({ persisted }) => persisted && onReturn(true), options);
  return () => controller.abort();
}
