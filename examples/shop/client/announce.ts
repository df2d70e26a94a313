import type { BrowserTrackerOptions } from '@org/track-browser';

type Plugin = NonNullable<BrowserTrackerOptions['plugins']>[number];

/** Tells the page about every event that passed consent, as the DOM event `shop:tracked`. It changes nothing. */
export const announce = (): Plugin => ({
  name: 'announce',
  process(event) {
    document.dispatchEvent(new CustomEvent('shop:tracked', { detail: event }));
    return event;
  },
});
