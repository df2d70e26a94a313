import type { Plugin } from '@org/track-core';
import { capturePlugin } from './capture-plugin.ts';
import { linkUrl, publicHref } from './link-url.ts';
import { listenToElements } from './listen-to-elements.ts';
import { taggedProperties } from './tagged-properties.ts';

const tag = 'data-track';

/**
 * Calls `track()` for clicks on elements that say so: `<button data-track="Product Added" data-track-product-id="p1">`
 * records `Product Added` with `{ product_id: 'p1' }`. The nearest tagged element counts, also inside open shadow trees;
 * none inside `data-track-ignore`.
 *
 * Nothing else of the page is read, save where a tagged link leads: `href`, without its query and fragment.
 */
export function clicks(): Plugin {
  return capturePlugin('clicks', (tracker, signal) => {
    const onClick = (elements: readonly Element[]): void => {
      if (comesAgain(elements)) return;
      for (const element of elements) {
        const name = element.getAttribute(tag);
        if (name) return void tracker.track(name, propertiesOf(element));
      }
    };
    listenToElements('click', onClick, signal);
  });
}

/** A click on these is theirs, also in a label. https://html.spec.whatwg.org/#interactive-content */
const interactive =
  'a[href],button,details,select,textarea,input:not([type=hidden]),iframe,embed,img[usemap],audio[controls],video[controls]';

/** A click on a label is followed by one on its field, which goes through the label once more if the field is in it. */
function comesAgain(elements: readonly Element[]): boolean {
  const at = elements.findIndex(({ localName }) => localName === 'label');
  const label = elements[at] as HTMLLabelElement | undefined;
  const field = label?.control;
  if (!field || !label.contains(field) || elements.includes(field)) return false;
  // None follows on a field that is off, nor on what does something of its own.
  return !field.matches(':disabled') && !elements.slice(0, at).some((element) => element.matches(interactive));
}

function propertiesOf(element: Element): Record<string, string> {
  const url = linkUrl(element);
  const href = url && publicHref(url);
  return { ...(href && { href }), ...taggedProperties(element, tag) };
}
