import type { Plugin } from '@org/track-core';
import { listen } from '../runtime/page-lifecycle.ts';
import { capturePlugin } from './capture-plugin.ts';
import { describeElement, isForEditing, pressableIn } from './describe-element.ts';
import { isIgnored } from './is-ignored.ts';
import { linkUrl } from './link-url.ts';
import { listenToElements } from './listen-to-elements.ts';
import { pathOf } from './path-of.ts';

/** How long a page may take to show that it heard, milliseconds. */
const deadMs = 2_500;
/** A scroll or a selection that comes later than this is no answer to the click, milliseconds. */
const atOnceMs = 100;
/** A click so soon after the page was hidden or in another window's shade was meant to bring it back, milliseconds. */
const wakeMs = 1_000;

/** What shows that the page heard, though its document may stay as it is. */
const answers = [
  ...['input', 'change', 'submit', 'invalid', 'toggle', 'play', 'pause', 'copy', 'fullscreenchange', 'beforeprint'],
  ...['hashchange', 'popstate', 'pagehide', 'visibilitychange', 'pointercancel'],
];

/** What answers elsewhere, or is as it was asked to be. */
const excused =
  '[download],[type=radio],[role=radio],[aria-selected=true],[aria-current]:not([aria-current=false]),[aria-disabled=true],iframe,embed,object';

/**
 * Records `Dead Clicked` when somebody clicks on what looks as if it did something, and for two and a half seconds
 * nothing happens: no change of the document, no navigation, no scroll, selection or focus, no form that is filled in or
 * sent. Says which element it was, by tag, id, role and place; never what is in it.
 *
 * Between clicks nothing is observed. Not counted: links to other pages, which may take their time; text fields and
 * players; clicks with a modifier key; what is already chosen; and what is inside `data-track-ignore`, whose changes are
 * no answer either: put it on clocks and tickers. Changes in shadow trees other than the clicked one are not seen.
 */
export function deadClicks(): Plugin {
  return capturePlugin('deadClicks', (tracker, signal) => {
    let wokenAt = Number.NEGATIVE_INFINITY;
    /** What was pressed and has not answered. */
    let open: { readonly region: Element; onClick(click: MouseEvent): void; end(): void } | undefined;

    const onDown = (elements: readonly Element[], down: MouseEvent): void => {
      const [target] = elements;
      const region = pressableIn(elements) ?? target;
      // Pressed once more, it still owes the first answer. Something else may answer in its place: who knows.
      if (!target || !region || region === open?.region) return;
      open?.end();
      const isPlain = !(down.button || down.ctrlKey || down.metaKey || down.shiftKey || down.altKey);
      const isExcused = [target, region].some((element) => isForEditing(element) || element.matches(excused));
      if (!isPlain || isExcused || elements.some(isPassage) || down.timeStamp - wokenAt < wakeMs) return;
      waitForAnswer(target, region, elements);
    };

    // From the press on, because much opens before the click.
    function waitForAnswer(target: Element, region: Element, elements: readonly Element[]): void {
      const ending = new AbortController();
      let clickedAt = Number.POSITIVE_INFINITY;
      let timer = setTimeout(end, deadMs);
      const changes = new MutationObserver((records) => {
        // What is to be ignored says nothing here either.
        if (records.some(({ target }) => !isIgnored(pathOf(target)))) end();
      });

      function end(): void {
        clearTimeout(timer);
        changes.disconnect();
        ending.abort();
        open = undefined;
      }

      function judge(): void {
        end();
        // Asked last, when nothing has changed, because it may cost the page a calculation of styles.
        if (region === target && !pressableIn([target]) && getComputedStyle(target).cursor !== 'pointer') return;
        tracker.track('Dead Clicked', describeElement(region, elements));
      }

      function onMaybe({ type, target, timeStamp }: Event): void {
        if (type === 'focus') {
          // The click itself focuses what was clicked.
          if (!elements.includes(target as Element)) end();
        } else if (type === 'blur') {
          if (target === window) end();
        } else if (timeStamp - clickedAt < atOnceMs && (type === 'scroll' || getSelection()?.isCollapsed === false)) {
          end();
        }
      }

      open = {
        region,
        onClick({ timeStamp }) {
          if (clickedAt <= timeStamp) return;
          clickedAt = timeStamp;
          clearTimeout(timer);
          timer = setTimeout(judge, deadMs);
        },
        end,
      };
      for (const root of new Set(elements.map((element) => element.getRootNode()))) {
        changes.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
      }
      for (const type of answers) listen(type, end, ending.signal);
      for (const type of ['focus', 'blur', 'scroll', 'selectionchange']) listen(type, onMaybe, ending.signal);
      // It begins long before a slow page comes.
      (window as { navigation?: EventTarget }).navigation?.addEventListener('navigate', end, { signal: ending.signal });
    }

    const onClick = (elements: readonly Element[], click: MouseEvent): void => {
      // A key clicks without a press.
      if (click.detail > 0 && open && elements.includes(open.region)) open.onClick(click);
    };

    const onWake = ({ type, target }: Event): void => {
      if (type !== 'focus' || target === window) wokenAt = performance.now();
    };

    listenToElements('pointerdown', onDown, signal);
    listenToElements('click', onClick, signal);
    for (const type of ['focus', 'visibilitychange']) listen(type, onWake, signal);
    signal.addEventListener('abort', () => open?.end());
  });
}

/** Hands the click on: to another page, which may take its time, out of the browser, or to a field. */
function isPassage(element: Element): boolean {
  const url = linkUrl(element);
  const page = ({ href }: { readonly href: string }): string => href.replace(/#.*/, '');
  const leadsAway = url && url.protocol !== 'javascript:' && page(url) !== page(location);
  return leadsAway || element.localName === 'label';
}
