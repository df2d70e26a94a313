import { linkUrl } from './link-url.ts';
import { listenToElements } from './listen-to-elements.ts';

/**
 * Hears of each link that is followed, until `signal` says stop: by a click, a key or the middle button, from anything in
 * it. It is never in the way of the navigation.
 */
export function listenToLinks(hear: (url: URL, link: Element) => void, signal: AbortSignal): void {
  const onClick = (elements: readonly Element[], { button }: MouseEvent): void => {
    const link = elements.find(linkUrl);
    const url = link && linkUrl(link);
    // The first button and the middle one; the others open menus and go back.
    if (url && button < 2) hear(url, link);
  };
  listenToElements('click', onClick, signal);
  // What is no click of the first button. https://www.w3.org/TR/uievents/#event-type-auxclick
  listenToElements('auxclick', onClick, signal);
}
