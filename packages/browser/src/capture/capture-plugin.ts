import type { Plugin, Tracker } from '@org/track-core';

/**
 * A plugin that listens until its signal says stop, and once, however often it is set up: React mounts effects twice,
 * and nothing may count twice. The latest set-up is the one that listens.
 */
export function capturePlugin(name: string, start: (tracker: Tracker, signal: AbortSignal) => void): Plugin {
  let listening: AbortController | undefined;
  return {
    name,
    setup(tracker) {
      listening?.abort();
      const own = new AbortController();
      listening = own;
      start(tracker, own.signal);
      return () => own.abort();
    },
  };
}
