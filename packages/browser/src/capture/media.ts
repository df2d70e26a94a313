import type { Plugin } from '@org/track-core';
import { checkNumber } from '../plugin/check-number.ts';
import { isDevelopment } from '../runtime/is-development.ts';
import { capturePlugin } from './capture-plugin.ts';
import { hear } from './hear.ts';
import { isIgnored } from './is-ignored.ts';
import { type Playback, startPlayback } from './media-playback.ts';
import { pathOf } from './path-of.ts';

export interface MediaOptions {
  /** How often `Video Content Playing` tells that it plays, milliseconds. At least 1,000; default 10,000. */
  readonly heartbeatMs?: number;
}

const tag = 'data-track-media';

/**
 * Records what is watched and heard in `<video>` and `<audio>`, and how well it streams, in the words of the Segment video
 * spec: `Video Playback Started`, `Paused`, `Resumed`, `Seek Started`, `Seek Completed`, `Buffer Started`,
 * `Buffer Completed`, `Interrupted`, `Completed` and `Exited`, `Video Content Started`, `Playing` and `Completed`, and
 * `Video Quality Updated`. https://segment.com/docs/connections/spec/video/
 *
 * Beside the spec's properties: `watched_ms`, of which each second counts once; `quartile`, how many quarters of it were
 * watched; `startup_ms` from play to the first frame; `stall_count` and `stall_ms`; `buffer_ms` of one stall; `muted`;
 * `dropped_frames`; `media_type`. `bitrate` is the average, in kbit/s, where the browser tells bytes. Positions and
 * lengths are seconds.
 *
 * An element is told by its `data-track-media`, else by the path of its source, else by its id; `data-track-media-title`
 * and the like become properties. Elements that come later are heard too; in an open shadow tree once somebody has
 * clicked in it. A muted video that goes round without controls is decoration, unless it is tagged.
 */
export function media({ heartbeatMs = 10_000 }: MediaOptions = {}): Plugin {
  if (isDevelopment) checkNumber('media: heartbeatMs', heartbeatMs, 1_000);
  return capturePlugin('media', (tracker, signal) => {
    const playbacks = new Map<HTMLMediaElement, Playback>();
    const loadedAt = new WeakMap<EventTarget, number>();
    const roots = new WeakSet<EventTarget>();

    function start(element: unknown, isPlaying?: boolean): void {
      if (!(element instanceof HTMLMediaElement) || playbacks.has(element)) return;
      const isDecoration = element.loop && element.muted && !element.controls && !element.hasAttribute(tag);
      if (isDecoration || isIgnored(pathOf(element))) return;
      // The gone ones say nothing of it.
      for (const [other, playback] of playbacks) if (!other.isConnected) playback.leave();
      // What plays by itself does so when it has loaded: the wait began before.
      const wantedAt = (element.autoplay && loadedAt.get(element)) || performance.now();
      loadedAt.delete(element);
      const onEnd = (): void => void playbacks.delete(element);
      const options = { tracker, tag, heartbeatMs, onEnd, wantedAt: isPlaying ? undefined : wantedAt };
      playbacks.set(element, startPlayback(element, options));
    }

    function hearIn(root: EventTarget): void {
      if (roots.has(root)) return;
      roots.add(root);
      hear(root, ['play'], ({ target }) => start(target), signal);
      hear(root, ['loadstart'], ({ target }) => target && loadedAt.set(target, performance.now()), signal);
      // Ready and still paused: it may not play by itself, or not before it is in sight. It waits for somebody.
      const onReady = ({ target }: Event): unknown =>
        (target as HTMLMediaElement).paused && loadedAt.delete(target as Element);
      hear(root, ['canplaythrough'], onReady, signal);
    }

    hearIn(window);
    // What happens to media is not heard outside of a shadow tree.
    hear(
      window,
      ['pointerdown', 'keydown'],
      (event) =>
        event
          .composedPath()
          .filter((target) => target instanceof ShadowRoot)
          .forEach(hearIn),
      signal,
    );
    function startPlaying(): void {
      for (const element of document.querySelectorAll<HTMLMediaElement>('video,audio')) {
        if (!element.paused && !element.ended) start(element, true);
      }
    }

    const each = (act: (playback: Playback) => void): void => [...playbacks.values()].forEach(act);
    hear(window, ['pagehide'], () => each((playback) => playback.leave()), signal);
    hear(window, ['visibilitychange'], () => document.hidden && each((playback) => playback.onHidden()), signal);
    hear<PageTransitionEvent>(window, ['pageshow'], ({ persisted }) => persisted && startPlaying(), signal);
    signal.addEventListener('abort', () => each((playback) => playback.stop()));
    startPlaying();
  });
}
