import { attempt } from '@org/track-core';

/** Where a link leads, in HTML or SVG; undefined if `element` is no link. */
export function linkUrl(element: Element): URL | undefined {
  // By name, because `<use>`, `<image>` and gradients have an `href` too.
  if (element.localName !== 'a' && element.localName !== 'area') return;
  const { href } = element as { href?: string | { readonly baseVal: string } };
  const address = typeof href === 'object' ? href.baseVal : href;
  return address ? attempt(() => new URL(address, element.baseURI)) : undefined;
}

/**
 * Where a link leads, as far as it may be told: no query and no fragment, which hold searches and tokens; no name and
 * password; and nothing of `mailto:`, `tel:` and the like, which are about a person.
 */
export function publicHref({ protocol, origin, pathname }: URL): string | undefined {
  return /^https?:$/.test(protocol) ? origin + pathname : undefined;
}
