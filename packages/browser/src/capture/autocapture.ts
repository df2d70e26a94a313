import type { Plugin } from '@org/track-core';
import { isDevelopment } from '../runtime/is-development.ts';
import { capturePlugin } from './capture-plugin.ts';
import { checkPluginOptions } from './check-plugin-options.ts';
import { describeElement, isForEditing, pressableIn } from './describe-element.ts';
import { listenToElements } from './listen-to-elements.ts';

export interface AutocaptureOptions {
  /**
   * `masked`: says also what the element reads, at most 64 characters, with digits as `#` and addresses as `@`. Names stay:
   * leave it where people's names are on buttons, or put `data-track-ignore` on them. Default `none`.
   */
  readonly text?: 'none' | 'masked';
}

/** Characters of a text at most. */
const maxText = 64;

/**
 * Records `Element Clicked` for clicks on what people expect to do something: links, buttons, choices, and elements with
 * such a role. Says which element it was, by tag, id, role and place, and where a link leads; no text unless asked for,
 * and never a value.
 *
 * What is tagged with `data-track` is left to `clicks()`, and what is inside `data-track-ignore` to nobody.
 */
export function autocapture(options: AutocaptureOptions = {}): Plugin {
  const { text = 'none' } = options;
  if (isDevelopment) {
    checkPluginOptions('autocapture', options, { text: [/^(none|masked)$/.test(text), '"none" or "masked"'] });
  }

  return capturePlugin('autocapture', (tracker, signal) => {
    const onClick = (elements: readonly Element[]): void => {
      const element = pressableIn(elements);
      if (!element || elements.some((each) => each.getAttribute('data-track'))) return;
      const element_text = text === 'masked' && !isForEditing(element) ? maskedText(element) : undefined;
      tracker.track('Element Clicked', { ...describeElement(element, elements), element_text });
    };
    listenToElements('click', onClick, signal);
  });
}

/** Characters that are looked at: enough for those that are kept, whatever is masked. */
const maxRead = 1_000;

/** What is written in it, of which nothing may be counted or written to. */
function maskedText(element: Element): string | undefined {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
    node instanceof Element && isUnread(node) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  let text = '';
  while (text.length < maxRead && walker.nextNode()) text += walker.currentNode.nodeValue?.replace(/\s+/g, ' ') ?? '';
  return (
    text
      .replace(/ +/g, ' ')
      .trim()
      .slice(0, maxRead)
      .replace(/\S*@\S*/g, '@')
      .replace(/\p{N}/gu, '#')
      .slice(0, maxText) || undefined
  );
}

const isUnread = (element: Element): boolean =>
  element.matches('[data-track-ignore],script,style') || isForEditing(element);
