import { afterEach, expect, test } from 'vitest';
import { pathOf } from './path-of.ts';

afterEach(() => {
  document.body.innerHTML = '';
});

function heardPath(node: Node): EventTarget[] {
  let path: EventTarget[] = [];
  document.addEventListener('x', (event) => (path = event.composedPath()), { once: true });
  node.dispatchEvent(new Event('x', { bubbles: true, composed: true }));
  return path.filter((target) => target !== window);
}

test('it is the path an event takes: through slots, shadow trees and their hosts', () => {
  document.body.innerHTML = '<section><article><p>slotted</p></article></section>';
  const article = document.querySelector('article') as Element;
  article.attachShadow({ mode: 'open' }).innerHTML = '<div><slot></slot><i>inside</i></div>';
  const inside = article.shadowRoot?.querySelector('i') as Element;
  for (const node of [document.querySelector('p') as Element, inside]) {
    expect(pathOf(node)).toEqual(heardPath(node));
  }
  expect(pathOf(inside)).toContain(article.shadowRoot);
});

test('a form whose fields have the names of its properties is passed', () => {
  document.body.innerHTML = '<form><input name="parentNode"><input name="assignedSlot"><p></p></form>';
  const paragraph = document.querySelector('p') as Element;
  expect(pathOf(paragraph)).toEqual(heardPath(paragraph));
});

test('a link that is nowhere has itself', () => {
  const link = Object.assign(document.createElement('a'), { href: 'https://example.com/' });
  expect(pathOf(link)).toEqual([link]);
});
