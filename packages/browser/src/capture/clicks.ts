import type { Plugin } from '@org/track-core';
import { listen } from '../runtime/page-lifecycle.ts';
import { capturePlugin } from './capture-plugin.ts';

const tag = 'data-track';

/**
 * Calls `track()` for clicks on elements that say so: `<button data-track="Product Added" data-track-product-id="p1">`
 * records `Product Added` with `{ product_id: 'p1' }`. The nearest tagged element counts, also inside open shadow trees.
 *
 * Nothing else of the page is read, save where a tagged link leads: `href`, without its query and fragment.
 */
export function clicks(): Plugin {
  return capturePlugin('clicks', (tracker, signal) => {
    const onClick = (click: Event): void => {
      for (const target of click.composedPath()) {
        const name = target instanceof Element && target.getAttribute(tag);
        if (name) return void tracker.track(name, propertiesOf(target));
      }
    };
    listen('click', onClick, signal);
  });
}

function propertiesOf(element: Element): Record<string, string> {
  const properties: Record<string, string> = {};
  const { href } = element as Partial<HTMLAnchorElement>;
  // Addresses for mail and telephone are about a person.
  if (typeof href === 'string' && /^https?:/.test(href)) properties.href = href.replace(/[?#].*/, '');
  for (const { name, value } of element.attributes) {
    if (name.startsWith(`${tag}-`)) properties[name.slice(tag.length + 1).replaceAll('-', '_')] = value;
  }
  return properties;
}
