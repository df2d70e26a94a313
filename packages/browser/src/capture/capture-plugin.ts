import type { Plugin, Tracker } from '@org/track-core';

/**
 * A plugin that listens until its signal says stop, and once, however often it is set up: React mounts effects twice,
 * and nothing may count twice.
 */
export function capturePlugin(name: string, listen: (tracker: Tracker, signal: AbortSignal) => void): Plugin {
  let isListening = false;
  return {
    name,
    setup(tracker) {
      const controller = new AbortController();
      if (isListening) return () => {};
      isListening = true;
      listen(tracker, controller.signal);
      return () => {
        isListening = false;
        controller.abort();
      };
    },
  };
}
