import type { HeadlineFacts } from '../page-facts.ts';
import type { ShopTracker } from './tracker.ts';

/** Half a second with half of it in view: long enough to have been read, short enough not to miss a quick eye. */
const viewedMs = 500;

/** Counts each headline once per page when it was seen. That it was followed, `clicks()` tells: the link is tagged. */
export function watchHeadlines(tracker: ShopTracker): void {
  const pending = new Map<Element, ReturnType<typeof setTimeout>>();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        clearTimeout(pending.get(target));
        if (!isIntersecting) continue;
        const seen = (): void => {
          observer.unobserve(target);
          tracker.track('Headline Viewed', factsOf(target));
        };
        pending.set(target, setTimeout(seen, viewedMs));
      }
    },
    { threshold: 0.5 },
  );

  for (const link of document.querySelectorAll('[data-headline]')) observer.observe(link);
}

const factsOf = (link: Element): HeadlineFacts => JSON.parse(link.getAttribute('data-headline') ?? '');
