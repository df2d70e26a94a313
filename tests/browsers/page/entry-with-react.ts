// The same, on pages that have a list in React.
import { begin as beginPlain, type PageOptions } from './entry.ts';
import { mountList } from './react-list.js';

export function begin(options: PageOptions): void {
  beginPlain(options);
  addEventListener('DOMContentLoaded', () => {
    const place = document.querySelector('[data-react-list]');
    if (place) mountList(place, window.tracker);
  });
}
