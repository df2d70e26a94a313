import type { PageContext, Plugin } from '@org/track-core';
import { checkNumber } from '../plugin/check-number.ts';
import { isDevelopment } from '../runtime/is-development.ts';
import { readContext } from '../runtime/page-context.ts';
import { watchPage } from '../runtime/page-lifecycle.ts';
import { watchUrl } from '../runtime/page-url.ts';
import { capturePlugin } from './capture-plugin.ts';
import { quietly } from './hear.ts';
import { isIgnored } from './is-ignored.ts';
import { pathOf } from './path-of.ts';
import { taggedProperties } from './tagged-properties.ts';

export interface ImpressionsOptions {
  /**
   * How much of an element must be in sight, from 0, any of it, to 1; of one that is larger, of what fits into the window.
   * Default 0.5.
   */
  readonly minShare?: number;
  /** For how long without a break, milliseconds. Default 1,000. */
  readonly minMs?: number;
}

/** An element in sight. */
interface Exposure {
  readonly properties: { readonly [name: string]: string };
  readonly page: PageContext;
  readonly timestamp: Date;
  readonly since: number;
  share: number;
}

const tag = 'data-track-impression';

/** How long what is new in the page may wait to be looked at, milliseconds: for one look at all of it. */
const lookMs = 100;

/**
 * Where the browser tells how much is in sight, each 7 % below the next, down to a thousandth: also of what is many times as
 * large as the window, whose share ends at that, it tells just before.
 */
// A function, or it would stay in pages without impressions.
const steps = (): number[] => [0, ...Array.from({ length: 100 }, (_, step) => 0.93 ** step)];

/**
 * Records what was really seen of a page: `<h2 data-track-impression="Headline" data-track-impression-id="a1">` makes
 * `Impression` with `{ name: 'Headline', id: 'a1', share: 0.97, visible_ms: 2300 }` once half of it was in sight for a
 * second. `share` is the most of it that was in sight, 0 to 1; `visible_ms` how long, until it went out of sight or the
 * page did: that is when the event is made, with the time at which it came into sight.
 *
 * Each element counts once in each view of a page; with a `data-track-impression-id` each name and id does, however often
 * the page draws it anew. Elements that come later are found, also inside open shadow trees. A hidden tab shows nothing.
 * Without `IntersectionObserver` nothing is recorded.
 */
export function impressions({ minShare = 0.5, minMs = 1_000 }: ImpressionsOptions = {}): Plugin {
  if (isDevelopment) {
    checkNumber('impressions: minShare', minShare, 0, 1);
    checkNumber('impressions: minMs', minMs, 0);
  }
  return capturePlugin('impressions', (tracker, signal) => {
    if (!('IntersectionObserver' in window)) return;
    const watched = new Set<Element>();
    const inSight = new Map<Element, Exposure>();
    const roots = new Set<Document | ShadowRoot>(); // those in the page
    const awaited = new Set<string>(); // names of elements
    let seen = new WeakSet<Element>(); // in this view of the page
    let seenByName = new Set<string>();
    let added = new Set<Node>();
    let willLook = false;
    let address = location.pathname + location.search;

    const sight = new IntersectionObserver(
      quietly((entries) => {
        for (const { target, intersectionRect, boundingClientRect, rootBounds } of entries) {
          const area = areaOf(intersectionRect);
          // Of an element without a size all is in sight, says the browser. A frame of another site knows no window.
          const share = area && area / areaOf(boundingClientRect, rootBounds ?? undefined);
          if (share < minShare || !share) end(target);
          else if (!document.hidden) begin(target, share);
        }
      }),
      { threshold: [...steps(), minShare] },
    );

    function begin(element: Element, share: number): void {
      const exposure = inSight.get(element);
      if (exposure) exposure.share = Math.max(exposure.share, share);
      else if (!isIgnored(pathOf(element))) {
        const properties = { ...taggedProperties(element, tag), name: element.getAttribute(tag) ?? '' };
        const { page } = readContext();
        inSight.set(element, { properties, page, timestamp: new Date(), since: performance.now(), share });
      }
    }

    const isSeen = (element: Element, { name, id }: Exposure['properties']): boolean =>
      id ? seenByName.has(`${name} ${id}`) : seen.has(element);

    /** It is not in sight any more. */
    function end(element: Element): void {
      const exposure = inSight.get(element);
      if (!exposure) return;
      inSight.delete(element);
      const { properties, page, timestamp, since, share } = exposure;
      const visibleMs = Math.round(performance.now() - since);
      if (visibleMs < minMs || isSeen(element, properties)) return;
      seen.add(element);
      seenByName.add(`${properties.name} ${properties.id}`);
      tracker.track(
        'Impression',
        { ...properties, share: Math.round(Math.min(share, 1) * 100) / 100, visible_ms: visibleMs },
        // Of the page it was on, also where that is not the page any more.
        { timestamp, context: { page } },
      );
    }

    const endAll = (): void => [...inSight.keys()].forEach(end);

    /** Asks the browser again what is in sight. */
    function lookAgain(): void {
      for (const element of watched) {
        sight.unobserve(element);
        sight.observe(element);
      }
    }

    function startView(): void {
      endAll();
      seen = new WeakSet();
      seenByName = new Set();
      lookAgain();
    }

    const onChanges = (records: readonly MutationRecord[]): void => {
      for (const { type, target, addedNodes } of records) {
        if (type === 'attributes') {
          // It shows something else from now on.
          forget(target as Element);
          seen.delete(target as Element);
          added.add(target);
        }
        for (const node of addedNodes) added.add(node);
      }
      if (!willLook) setTimeout(quietly(look), lookMs);
      willLook = true;
    };
    const changes = new MutationObserver(quietly(onChanges));

    function look(): void {
      willLook = false;
      if (signal.aborted) return;
      for (const element of watched) if (!element.isConnected) forget(element);
      // One that is put back is looked at anew.
      for (const root of roots) if (!root.isConnected) roots.delete(root);
      const nodes = added;
      added = new Set();
      for (const node of nodes) if (node instanceof Element && node.isConnected) find(node, [node]);
    }

    function forget(element: Element): void {
      end(element);
      sight.unobserve(element);
      watched.delete(element);
    }

    /** Finds what is tagged in `root`, and the shadow trees in it. */
    function find(root: ParentNode, own: readonly Element[] = []): void {
      for (const element of [...own, ...root.querySelectorAll('*')]) {
        if (element.getAttribute(tag) && !watched.has(element)) {
          watched.add(element);
          sight.observe(element);
        }
        const { shadowRoot, localName } = element;
        if (shadowRoot) watchTree(shadowRoot);
        // It may get a shadow tree once it is defined, and nothing else would tell.
        else if (localName.includes('-') && element.matches(':not(:defined)')) awaitDefinition(localName);
      }
    }

    /** Once for each name: frameworks have elements that never are defined, and what waits for each would keep it. */
    function awaitDefinition(localName: string): void {
      if (awaited.has(localName)) return;
      awaited.add(localName);
      customElements.whenDefined(localName).then(
        quietly(() => {
          if (signal.aborted) return;
          for (const root of roots) {
            for (const element of root.querySelectorAll(CSS.escape(localName))) find(element, [element]);
          }
        }),
        () => {},
      );
    }

    function watchTree(root: Document | ShadowRoot): void {
      if (roots.has(root)) return;
      roots.add(root);
      changes.observe(root, { childList: true, subtree: true, attributeFilter: [tag, `${tag}-id`] });
      find(root);
    }

    watchTree(document);
    watchPage(
      endAll,
      ({ persisted }) => {
        if (persisted) startView();
        else lookAgain();
      },
      signal,
    );
    watchUrl(() => {
      const { pathname, search } = location;
      if (pathname + search === address) return;
      address = pathname + search;
      startView();
    }, signal);
    signal.addEventListener('abort', () => {
      changes.disconnect();
      sight.disconnect();
    });
  });
}

/** Of a rectangle, or of as much of it as fits into another one. */
const areaOf = ({ width, height }: DOMRectReadOnly, into = { width, height }): number =>
  Math.min(width, into.width) * Math.min(height, into.height);
