import type { PageFacts } from '../page-facts.ts';
import { readFacts } from './page-facts.ts';
import type { ShopTracker } from './tracker.ts';

/** Somebody who has not moved, scrolled or typed for this long has left the room. */
const idleAfterMs = 15_000;
const tickMs = 250;
/** When it is worth a word before the page is left, in seconds engaged and in percent seen. */
const secondsSteps = [10, 30, 60, 120, 300];
const percentSteps = [25, 50, 75, 100];

/**
 * Measures attention and says so as it grows and when the page is left. Each word carries totals, under one id per page
 * view: whoever counts takes the largest, and a last word that never comes costs only its last few seconds.
 */
export function watchAttention(tracker: ShopTracker): void {
  const page = readFacts<PageFacts>('page-facts');
  const content = document.querySelector<HTMLElement>('[data-content]') ?? document.querySelector('main');
  if (!content) return;

  const viewId = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(36)).join('');
  let engagedMs = 0;
  let percent = 0;
  let activeAt = performance.now();
  let tickedAt = performance.now();
  let told = { seconds: 0, percent: 0 };

  const onActivity = (): void => {
    activeAt = performance.now();
  };
  for (const name of ['scroll', 'pointermove', 'pointerdown', 'keydown', 'touchstart']) {
    addEventListener(name, onActivity, { passive: true, capture: true });
  }

  const measure = (): void => {
    const now = performance.now();
    if (!document.hidden && now - activeAt < idleAfterMs) engagedMs += now - tickedAt;
    tickedAt = now;
    const { top, height } = content.getBoundingClientRect();
    const seen = height > 0 ? Math.round((100 * (innerHeight - top)) / height) : 0;
    percent = Math.max(percent, Math.min(100, Math.max(0, seen)));
  };

  const tell = (): void => {
    const seconds = Math.round(engagedMs / 100) / 10;
    if (seconds === told.seconds && percent === told.percent) return;
    told = { seconds, percent };
    if (page?.kind === 'article') {
      const { article_id, headline_id } = page;
      tracker.track('Article Read', { view_id: viewId, article_id, headline_id, percent, seconds });
    }
    tracker.track('Page Engaged', { view_id: viewId, percent, seconds });
  };

  const passes = (steps: readonly number[], before: number, now: number): boolean =>
    steps.some((step) => before < step && now >= step);

  measure();
  setInterval(() => {
    measure();
    const isReading = page?.kind === 'article' && passes(percentSteps, told.percent, percent);
    if (isReading || passes(secondsSteps, told.seconds, engagedMs / 1_000)) tell();
  }, tickMs);

  // On the window and while capturing, to come before the tracker's own last call.
  const onLeave = (): void => {
    measure();
    tell();
  };
  addEventListener('visibilitychange', () => (document.hidden ? onLeave() : measure()), { capture: true });
  addEventListener('pagehide', onLeave, { capture: true });
}
