import type { Tracker } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { autocapture } from './autocapture.ts';

let tracked: unknown[][];
let stop: () => void;
const tracker = { track: (...call: unknown[]) => tracked.push(JSON.parse(JSON.stringify(call))) } as unknown as Tracker;
const start = (plugin = autocapture()): void => {
  stop = plugin.setup?.(tracker) ?? (() => {});
};

beforeEach(() => {
  tracked = [];
});

afterEach(() => {
  stop();
  document.body.innerHTML = '';
});

function click(html: string): void {
  document.body.innerHTML = html;
  // The page stays where it is.
  const stay = (event: Event): void => void (event.target instanceof HTMLAnchorElement && event.preventDefault());
  document.addEventListener('click', stay, { capture: true, once: true });
  const event = new MouseEvent('click', { bubbles: true, composed: true, cancelable: true });
  document.querySelector('[here]')?.dispatchEvent(event);
}

describe('what is recorded', () => {
  test.each([
    { why: 'a button', html: '<button here>Ann</button>', expected: { element: 'button', element_path: 'button' } },
    {
      why: 'what holds the thing that was clicked',
      html: '<button id="buy"><i here></i></button>',
      expected: { element: 'button', element_id: 'buy', element_path: 'button#buy' },
    },
    {
      why: 'a choice, not what was chosen',
      html: '<input type="checkbox" value="ann" checked here>',
      expected: { element: 'input', element_path: 'input' },
    },
    {
      why: 'a role',
      html: '<div role="menuitem" here></div>',
      expected: { element: 'div', element_role: 'menuitem', element_path: 'div' },
    },
    {
      why: 'a link, and where it leads',
      html: '<a href="/a?q=ann" here></a>',
      expected: { element: 'a', element_path: 'a', href: 'http://localhost:3999/a' },
    },
    { why: 'text is for reading', html: '<p here>Ann</p>' },
    { why: 'what is tagged is left to clicks()', html: '<button data-track="Product Added" here></button>' },
    { why: 'also inside it', html: '<div data-track="Card Clicked"><button here></button></div>' },
    {
      why: 'a label’s click is its field’s',
      html: '<label here><input type="checkbox"></label>',
      expected: { element: 'input', element_path: 'label > input' },
    },
    { why: 'to be ignored', html: '<p data-track-ignore><button here></button></p>' },
  ])('$why', ({ html, expected }) => {
    start();
    click(html);
    expect(tracked).toEqual(expected ? [['Element Clicked', expected]] : []);
  });
});

describe('masked text, where it is asked for', () => {
  test.each([
    { why: 'as it reads', html: '<button here> Add\n to  <b>cart</b> </button>', expected: 'Add to cart' },
    { why: 'no digits', html: '<button here>Call 030 1234, 5 ٣ left</button>', expected: 'Call ### ####, # # left' },
    { why: 'no addresses', html: '<a href="/a" here>Write to ann.b@example.com!</a>', expected: 'Write to @' },
    {
      why: 'not too much',
      html: `<button here>${'long '.repeat(50)}</button>`,
      expected: 'long '.repeat(13).slice(0, 64),
    },
    { why: 'none', html: '<button here></button>' },
    { why: 'not what is written to', html: '<textarea here>Ann</textarea>' },
    { why: 'nor chosen from', html: '<select here><option>Ann</option></select>' },
    {
      why: 'nothing in it that is to be ignored',
      html: '<a href="/a"><b here>Messages</b> of <i data-track-ignore>Ann <u>Sample</u></i></a>',
      expected: 'Messages of',
    },
    {
      why: 'nor that is written to',
      html: '<div role="button"><b here>Note</b><textarea>Ann</textarea><select><option>Ann</select></div>',
      expected: 'Note',
    },
    {
      why: 'nor that nobody reads',
      html: '<button here><style>.a { fill: red }</style>Buy<!-- Ann --></button>',
      expected: 'Buy',
    },
  ])('$why', ({ html, expected }) => {
    start(autocapture({ text: 'masked' }));
    click(html);
    expect(tracked.map(([, properties]) => (properties as { element_text?: string }).element_text)).toEqual([expected]);
  });
});

test('once stopped it records nothing; set up twice, once', () => {
  const plugin = autocapture();
  start(plugin);
  start(plugin);
  click('<button here></button>');
  expect(tracked).toHaveLength(1);
  stop();
  click('<button here></button>');
  expect(tracked).toHaveLength(1);
});

test.each([
  { options: { text: true }, expected: 'autocapture: text is true, expected "none" or "masked"' },
  { options: { texts: 'masked' }, expected: 'texts is "masked", expected one of text' },
])('a wrong option is told while the page is written: $expected', ({ options, expected }) => {
  expect(() => autocapture(options as never)).toThrow(expected);
});
