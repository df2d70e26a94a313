import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { listenToElements } from './listen-to-elements.ts';

let heard: string[];
let stopping: AbortController;

beforeEach(() => {
  heard = [];
  stopping = new AbortController();
  listenToElements(
    'click',
    (elements) => heard.push(elements.map(({ localName }) => localName).join(' ')),
    stopping.signal,
  );
});

afterEach(() => {
  stopping.abort();
  document.body.innerHTML = '';
});

function click(html: string, selector: string): void {
  document.body.innerHTML = html;
  document.querySelector(selector)?.dispatchEvent(new MouseEvent('click', { bubbles: true, composed: true }));
}

test.each([
  { why: 'from the inside outwards', html: '<p><a><b></b></a></p>', expected: ['b a p body html'] },
  { why: 'not where it is to be ignored', html: '<b data-track-ignore></b>', expected: [] },
  { why: 'nor in anything in it', html: '<p data-track-ignore=""><a><b></b></a></p>', expected: [] },
  { why: 'beside it as ever', html: '<p><i data-track-ignore></i><b></b></p>', expected: ['b p body html'] },
])('$why', ({ html, expected }) => {
  click(html, 'b');
  expect(heard).toEqual(expected);
});

test.each([
  { why: 'an open shadow tree is a part of the page', host: '<x-card></x-card>', expected: ['b p x-card body html'] },
  { why: 'its host is ignored with all that is in it', host: '<x-card data-track-ignore></x-card>', expected: [] },
])('$why', ({ host, expected }) => {
  document.body.innerHTML = host;
  const tree = document.querySelector('x-card')?.attachShadow({ mode: 'open' });
  if (tree) tree.innerHTML = '<p><b></b></p>';
  tree?.querySelector('b')?.dispatchEvent(new MouseEvent('click', { bubbles: true, composed: true }));
  expect(heard).toEqual(expected);
});

test('a click on no element is nobody’s', () => {
  document.dispatchEvent(new MouseEvent('click'));
  dispatchEvent(new MouseEvent('click'));
  expect(heard).toEqual(['', '']);
});

test('what goes wrong stays here', () => {
  const uncaught = vi.fn();
  addEventListener('error', uncaught);
  const broken = new AbortController();
  const hear = vi.fn(() => {
    throw new TypeError('broken');
  });
  listenToElements('click', hear, broken.signal);
  click('<b></b>', 'b');
  expect(hear).toHaveBeenCalledTimes(1);
  // A form gives its fields as properties, in place of its own.
  const form = document.createElement('form');
  Object.defineProperty(form, 'hasAttribute', { value: document.createElement('input') });
  document.body.append(form);
  form.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  expect(hear).toHaveBeenCalledTimes(1);
  expect(uncaught).not.toHaveBeenCalled();
  removeEventListener('error', uncaught);
  broken.abort();
});

test('it is passive, hears first, and hears nothing once stopped', () => {
  const added = vi.spyOn(window, 'addEventListener');
  const own = new AbortController();
  listenToElements('auxclick', () => {}, own.signal);
  expect(added.mock.calls.map(([type, , options]) => [type, options])).toEqual([
    ['auxclick', { capture: true, passive: true, signal: own.signal }],
  ]);
  added.mockRestore();
  stopping.abort();
  click('<b></b>', 'b');
  expect(heard).toEqual([]);
});
