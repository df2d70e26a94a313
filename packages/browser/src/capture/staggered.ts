import type { Plugin } from '@org/track-core';
import { isDevelopment } from '../runtime/is-development.ts';

/**
 * The same plugins, each set up in a task of its own once the page's is over: to start a dozen at once may hold up a slow
 * phone for more than 50 ms. What happens before that is not captured, so keep `pageViews()` out of it.
 *
 * A plugin whose set-up fails captures nothing; development says so in the console.
 */
export const staggered = (...plugins: readonly Plugin[]): readonly Plugin[] => plugins.map(inItsOwnTask);

function inItsOwnTask(plugin: Plugin): Plugin {
  return {
    ...plugin,
    // Of an object of a class that has copied nothing.
    name: plugin.name,
    process: (event) => (plugin.process ? plugin.process(event) : event),
    setup(tracker) {
      let stop = (): void => {};
      const timer = setTimeout(() => {
        try {
          stop = plugin.setup?.(tracker) ?? stop;
        } catch (error) {
          // biome-ignore lint/suspicious/noConsole: there is nobody else to tell, and developers look there
          if (isDevelopment) console.warn(`${plugin.name} captures nothing:`, error);
        }
      });
      return () => {
        clearTimeout(timer);
        stop();
      };
    },
  };
}
