import type { Plugin, Tracker } from '@org/track-core';

/** A plugin that listens once, however often it is set up: React mounts effects twice, and nothing may count twice. */
export function capturePlugin(name: string, start: (tracker: Tracker) => () => void): Plugin {
  let isRunning = false;
  return {
    name,
    setup(tracker) {
      if (isRunning) return () => {};
      isRunning = true;
      const stop = start(tracker);
      return () => {
        isRunning = false;
        stop();
      };
    },
  };
}
