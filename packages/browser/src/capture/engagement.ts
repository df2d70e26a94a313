import type { Plugin } from '@org/track-core';
import { isDevelopment } from '../runtime/is-development.ts';
import { listen } from '../runtime/page-lifecycle.ts';
import { checkPluginOptions } from './check-plugin-options.ts';
import { viewPlugin } from './view-plugin.ts';

export interface EngagementOptions {
  /** How long somebody counts as active after they last did something, milliseconds, at least 1,000. Default 30,000. */
  readonly idleMs?: number;
}

/** What somebody does who is there. Of media only the sound counts: silent ones play for nobody. */
const doings = ['pointermove', 'pointerdown', 'wheel', 'keydown', 'input', 'scroll', 'timeupdate'];

/** Told for the first time after so long, engaged milliseconds; from there on more and more seldom, up to the last. */
const firstTellMs = 15_000;
const maxTellMs = 300_000;

/**
 * How long nobody has done anything when what is known is told, milliseconds. Well below the end of a session: told when
 * the page is closed hours later, it would begin a visit of its own.
 */
const awayMs = 300_000;

/**
 * Measures for how long each page view was looked at: visible, in the focused window, and with somebody who moved,
 * scrolled, typed or listened within `idleMs`. A device that sleeps is somebody who left.
 *
 * Tells `Page Engaged` with `view_id` and `seconds` (a total, with one decimal) when the page may go away, and meanwhile
 * after 15 engaged seconds, 45, 105, 225, then every 5 minutes at most: a crash costs no more than that. The largest of a
 * `view_id` counts. Page views get the `view_id` too, and `previous_view_id` and `previous_seconds` of the view that
 * they followed within the document, which then needs no event of its own. `scrollDepth()` adds to the same events.
 */
export function engagement(options: EngagementOptions = {}): Plugin {
  const { idleMs = 30_000 } = options;
  if (isDevelopment) {
    checkPluginOptions('engagement', options, {
      idleMs: [Number.isFinite(idleMs) && idleMs >= 1_000, 'milliseconds, at least 1000'],
    });
  }

  return viewPlugin('engagement', (tell, signal) => {
    // All by the clock that never jumps.
    let engagedMs = 0;
    let countedAt = 0; // up to here
    let activeAt = 0;
    let isLookedAt = false;
    let tellMs = firstTellMs;
    let timer: ReturnType<typeof setTimeout>;

    function count(): void {
      const now = performance.now();
      if (isLookedAt) engagedMs += Math.max(0, Math.min(now, activeAt + idleMs) - countedAt);
      countedAt = now;
      // Asked for, not remembered: a click into a frame takes the focus from this window, and leaves it in the page.
      isLookedAt = !document.hidden && document.hasFocus();
    }

    /** Looks again when something may be due. Nothing is while nobody is there. */
    function wait(): void {
      clearTimeout(timer);
      const idleForMs = countedAt - activeAt;
      const isActive = isLookedAt && idleForMs < idleMs;
      const waitMs = isActive ? Math.min(tellMs - engagedMs, idleMs - idleForMs) : awayMs - idleForMs;
      if (isActive || waitMs > 0) timer = setTimeout(look, Math.ceil(waitMs));
    }

    function look(): void {
      count();
      if (engagedMs >= tellMs || countedAt - activeAt >= awayMs) {
        tellMs = Math.min(2 * engagedMs + firstTellMs, engagedMs + maxTellMs);
        tell();
      }
      wait();
    }

    function act(): void {
      count();
      activeAt = countedAt;
      wait();
    }

    function onDoing({ type, target }: Event): void {
      // A carousel scrolls by itself, a page does not.
      if (type === 'scroll' && target !== document) return;
      if (type === 'timeupdate' && (target as HTMLMediaElement).muted) return;
      const now = performance.now();
      // Seldom more than this: somebody who moves a pointer does so a hundred times a second.
      if (now - activeAt < idleMs) activeAt = now;
      else act();
    }

    act();
    for (const type of doings) listen(type, onDoing, signal);
    for (const type of ['focus', 'visibilitychange']) listen(type, act, signal);
    // A frame in the page gets the focus after the window has lost it: Firefox says in between that nobody has it.
    listen('blur', () => setTimeout(() => signal.aborted || act()), signal);
    signal.addEventListener('abort', () => clearTimeout(timer));

    return {
      property: 'seconds',
      restart() {
        act();
        engagedMs = 0;
        tellMs = firstTellMs;
        wait();
      },
      total() {
        count();
        return Math.round(engagedMs / 100) / 10;
      },
    };
  });
}
