/** How long it takes to be seen, milliseconds; with half of it in view that is what the ad industry calls viewable. */
const seenAfterMs = 1_000;

/**
 * Shares in view at which the browser tells. The small ones are for what is larger than the window: each is more than half
 * of the next, so that one lies between half a window and all of it.
 */
const threshold: number[] = Array.from({ length: 20 }, (_, step) => 0.5 * 0.7 ** step);

/**
 * Calls `onSeen` once, when `element` has been in view for a second without a break: half of it, or as much of it as
 * fills half the window, on a page that is not hidden. Returns what stops watching.
 *
 * Where there is no IntersectionObserver nothing is seen.
 */
export function watchSeen(element: Element, onSeen: () => void): () => void {
  if (typeof IntersectionObserver !== 'function') return () => {};
  let isInView = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function wait(): void {
    clearTimeout(timer);
    if (isInView && !document.hidden) timer = setTimeout(see, seenAfterMs);
  }

  function stop(): void {
    observer.disconnect();
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', wait);
  }

  function see(): void {
    stop();
    onSeen();
  }

  const observer = new IntersectionObserver(
    (entries) => {
      const { intersectionRatio, intersectionRect, rootBounds } = entries.at(-1) as IntersectionObserverEntry;
      // In a frame of another site the window is not known.
      const half = (rootBounds?.height ?? Number.POSITIVE_INFINITY) / 2;
      const wasInView = isInView;
      isInView = intersectionRatio >= 0.5 || intersectionRect.height >= half;
      if (isInView !== wasInView) wait();
    },
    { threshold },
  );
  observer.observe(element);
  document.addEventListener('visibilitychange', wait);
  return stop;
}
