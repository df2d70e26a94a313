import { attempt, type Plugin, type Tracker } from '@org/track-core';
import { capturePlugin } from '../capture/capture-plugin.ts';
import type { DeliveryPart } from '../transport/delivery-part.ts';
import { createJournal } from './journal.ts';
import { openPanel, type Panel } from './panel.ts';
import { watchDelivery, watchTracker } from './watch-tracker.ts';

export interface OverlayOptions {
  /** The key that opens and closes it together with Alt and Shift, as `KeyboardEvent.code` names it. Default `KeyT`. */
  readonly shortcut?: string;
  /** It opens by itself where the page's address has this parameter: `?track`. Default `track`. */
  readonly query?: string;
}

/** For one tracker. */
export interface Overlay extends Plugin {
  /** For the tracker's `delivery`, as the last: tells when events are sent, and what is answered. Without it only their fate. */
  readonly delivery: DeliveryPart;
  /** Shows the panel and puts the focus there. Without a page, before the tracker began and after its end nothing happens. */
  open(): void;
  /** Takes it away; the focus goes back to where it was. */
  close(): void;
}

/**
 * A panel over the page that shows each event on its way, as it happens: captured, through consent, queued, sent,
 * confirmed, or why not; with its content, what a collector would find wrong with it, the person's consent, and the books.
 * It opens by Alt+Shift+T, by `?track` in the address, or by `open()`.
 *
 * It sees the latest 200 events, from when the tracker begins, whether it is open or not, and sends nothing anywhere. What
 * it shows is in a shadow root, over the page and out of its layout; it needs nothing of a Content Security Policy.
 *
 * @example
 * const look = overlay();
 * createTracker({ endpoint: '/api/j', plugins: [look], delivery: [look.delivery] });
 * @example
 * // For a tracker that has begun: from then on.
 * if (location.search.includes('track')) (await import('@org/track-browser/overlay')).overlay().setup(tracker);
 */
export function overlay({
  shortcut = 'KeyT',
  query = 'track',
}: OverlayOptions = {}): Overlay & Required<Pick<Plugin, 'setup'>> {
  const journal = createJournal();
  let tracker: Tracker | undefined;
  let panel: Panel | undefined;
  let focused: Element | null = null;

  /** Shows the panel; browsers without constructable style sheets get none. */
  function show(): Panel | undefined {
    if (tracker) panel ??= attempt(() => openPanel({ tracker: tracker as Tracker, journal, onClose: close }));
    return panel;
  }

  function open(): void {
    if (panel || typeof document === 'undefined') return;
    const { activeElement } = document;
    const shown = show();
    if (!shown) return;
    focused = activeElement;
    shown.host.shadowRoot?.querySelector<HTMLElement>('.panel')?.focus({ preventScroll: true });
  }

  function close(): void {
    if (!panel) return;
    const hadFocus = document.activeElement === panel.host;
    panel.close();
    panel = undefined;
    if (hadFocus && focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }

  const plugin = capturePlugin('overlay', (own, signal) => {
    tracker = own;
    watchTracker(own, journal, signal);
    addEventListener(
      'keydown',
      (moment) => {
        if (moment.code !== shortcut || !moment.altKey || !moment.shiftKey || moment.ctrlKey || moment.metaKey) return;
        moment.preventDefault(); // on a Mac it would type a letter
        panel ? close() : open();
      },
      { capture: true, signal },
    );
    signal.addEventListener('abort', () => {
      close();
      tracker = undefined;
    });
    if (new URLSearchParams(location.search).has(query)) show();
  });

  return {
    ...(plugin as Required<Pick<Plugin, 'name' | 'setup'>>),
    process(event) {
      journal.passed(event);
      return event;
    },
    delivery: watchDelivery(journal),
    open,
    close,
  };
}
