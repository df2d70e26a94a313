import { expect, test } from 'vitest';
import { isIgnored } from './is-ignored.ts';
import { pathOf } from './path-of.ts';

test.each([
  { why: 'the element itself', html: '<p data-track-ignore></p>', expected: true },
  { why: 'one above it', html: '<div data-track-ignore><div><p></p></div></div>', expected: true },
  { why: 'a value says no more than none', html: '<div data-track-ignore="false"><p></p></div>', expected: true },
  { why: 'one beside it', html: '<div data-track-ignore></div><p></p>', expected: false },
  { why: 'one below it', html: '<p><b data-track-ignore></b></p>', expected: false },
])('$why: $expected', ({ html, expected }) => {
  document.body.innerHTML = html;
  const element = document.querySelector('p') as Element;
  expect(isIgnored(pathOf(element))).toBe(expected);
  let heard: boolean | undefined;
  addEventListener('x', (event) => (heard = isIgnored(event.composedPath())), { once: true });
  element.dispatchEvent(new Event('x', { bubbles: true, composed: true }));
  expect(heard).toBe(expected);
});

test('what is no element asks for nothing', () => {
  expect(isIgnored([window, document, new EventTarget()])).toBe(false);
  expect(isIgnored([])).toBe(false);
});
