import type { Tracker } from '@org/track-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { clicks } from './clicks.ts';

let tracked: unknown[][];
let stop: () => void;
const tracker = { track: (...call: unknown[]) => tracked.push(call) } as unknown as Tracker;

beforeEach(() => {
  tracked = [];
  stop = clicks().setup?.(tracker) ?? (() => {});
});

afterEach(() => {
  stop();
  document.body.innerHTML = '';
});

function click(html: string, selector = '[data-track]'): void {
  document.body.innerHTML = html;
  const target = document.body.querySelector(selector);
  target?.dispatchEvent(new MouseEvent('click', { bubbles: true, composed: true, cancelable: true }));
}

test.each([
  {
    why: 'a tagged element',
    html: '<button data-track="Product Added">Add</button>',
    expected: [['Product Added', {}]],
  },
  {
    why: 'its attributes become properties',
    html: '<button data-track="Product Added" data-track-product-id="p1" data-track-list="Home" class="b">Add</button>',
    expected: [['Product Added', { product_id: 'p1', list: 'Home' }]],
  },
  {
    why: 'a click inside it',
    html: '<button data-track="Product Added"><b><i>Add</i></b></button>',
    selector: 'i',
    expected: [['Product Added', {}]],
  },
  {
    why: 'the nearest counts, once',
    html: '<div data-track="Card Clicked"><button data-track="Product Added">Add</button></div>',
    selector: 'button',
    expected: [['Product Added', {}]],
  },
  { why: 'what is not tagged says nothing', html: '<button>Add</button>', selector: 'button', expected: [] },
  { why: 'nor does an empty tag', html: '<button data-track="">Add</button>', expected: [] },
  {
    why: 'a link tells where it leads, without query and fragment',
    html: '<a data-track="Article Clicked" href="/news/1?token=t#top">News</a>',
    expected: [['Article Clicked', { href: 'http://localhost:3999/news/1' }]],
  },
  {
    why: 'an address is about a person',
    html: '<a data-track="Support Clicked" href="mailto:ann@example.com">Mail</a>',
    expected: [['Support Clicked', {}]],
  },
  {
    why: 'name and password of a link are nobody’s business',
    html: '<a data-track="Article Clicked" href="https://ann:secret@example.com/a">News</a>',
    expected: [['Article Clicked', { href: 'https://example.com/a' }]],
  },
  {
    why: 'what is to be ignored says nothing',
    html: '<p data-track-ignore><button data-track="Product Added">Add</button></p>',
    expected: [],
  },
  {
    why: 'an address that is none',
    html: '<a data-track="Article Clicked" href="https://">News</a>',
    expected: [['Article Clicked', {}]],
  },
  {
    why: 'a label and the field in it are one',
    html: '<label data-track="Terms Accepted"><b>Yes</b><input type="checkbox"></label>',
    selector: 'b',
    expected: [['Terms Accepted', {}]],
  },
  {
    why: 'so is a label whose field is elsewhere',
    html: '<label data-track="Terms Accepted" for="t"><b>Yes</b></label><input type="checkbox" id="t">',
    selector: 'b',
    expected: [['Terms Accepted', {}]],
  },
  {
    why: 'an attribute beats the link',
    html: '<a data-track="Article Clicked" href="/news/1" data-track-href="/n">News</a>',
    expected: [['Article Clicked', { href: '/n' }]],
  },
])('$why', ({ html, selector, expected }) => {
  click(html, selector);
  expect(tracked).toEqual(expected);
});

test('a page that stops the event hides nothing from it', () => {
  const stopIt = (event: Event): void => event.stopImmediatePropagation();
  document.addEventListener('click', stopIt, { capture: true });
  click('<button data-track="Product Added">Add</button>');
  document.removeEventListener('click', stopIt, { capture: true });
  expect(tracked).toHaveLength(1);
});

test('one passive listener, gone once stopped', () => {
  const listened = vi.spyOn(window, 'addEventListener');
  stop();
  stop = clicks().setup?.(tracker) ?? (() => {});
  expect(listened.mock.calls.map(([type, , options]) => [type, (options as AddEventListenerOptions).passive])).toEqual([
    ['click', true],
  ]);
  listened.mockRestore();
  stop();
  click('<button data-track="Product Added">Add</button>');
  expect(tracked).toEqual([]);
});

test('one instance set up twice counts once', () => {
  const plugin = clicks();
  const stops = [plugin.setup?.(tracker), plugin.setup?.(tracker)];
  stop();
  click('<button data-track="Product Added">Add</button>');
  expect(tracked).toHaveLength(1);
  for (const undo of stops) undo?.();
});
