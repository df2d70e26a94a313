import type { Tracker } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { downloads } from './downloads.ts';

const origin = 'http://localhost:3999';

let tracked: unknown[][];
let stop: () => void;
const tracker = { track: (...call: unknown[]) => tracked.push(call) } as unknown as Tracker;
const start = (plugin = downloads()): void => {
  stop = plugin.setup?.(tracker) ?? (() => {});
};

beforeEach(() => {
  tracked = [];
});

afterEach(() => {
  stop();
  document.body.innerHTML = '';
});

/** Clicks, in a page that stays where it is. */
function press(html: string, type = 'click', init: MouseEventInit = {}): void {
  document.body.innerHTML = html;
  const stay = (event: Event): void => {
    expect(event.defaultPrevented).toBe(false);
    event.preventDefault();
  };
  document.addEventListener(type, stay, { capture: true });
  const event = new MouseEvent(type, { bubbles: true, composed: true, cancelable: true, ...init });
  document.querySelector('[here]')?.dispatchEvent(event);
  document.removeEventListener(type, stay, { capture: true });
}

describe('which files', () => {
  test.each([
    {
      why: 'a document',
      html: '<a href="/price-list.pdf" here></a>',
      expected: { extension: 'pdf', href: `${origin}/price-list.pdf` },
    },
    {
      why: 'whatever its case',
      html: '<a href="/A.PDF" here></a>',
      expected: { extension: 'pdf', href: `${origin}/A.PDF` },
    },
    {
      why: 'a query and a fragment are left out',
      html: '<a href="/a.zip?token=t#x" here></a>',
      expected: { extension: 'zip', href: `${origin}/a.zip` },
    },
    {
      why: 'on another site',
      html: '<a href="https://cdn.example/a.tar.gz" here></a>',
      expected: { extension: 'gz', href: 'https://cdn.example/a.tar.gz' },
    },
    {
      why: 'a click inside the link',
      html: '<a href="/a.mp4"><b here></b></a>',
      expected: { extension: 'mp4', href: `${origin}/a.mp4` },
    },
    {
      why: 'said to be one, by its path',
      html: '<a href="/export" download here></a>',
      expected: { href: `${origin}/export` },
    },
    {
      why: 'said to be one, by its name',
      html: '<a href="/export" download="Ann.CSV" here></a>',
      expected: { extension: 'csv', href: `${origin}/export` },
    },
    {
      why: 'made by the page',
      html: '<a href="blob:http://localhost:3999/9b2f" download="a.png" here></a>',
      expected: { extension: 'png' },
    },
    {
      why: 'written into the page',
      html: '<a href="data:text/plain,ann@example.com" download here></a>',
      expected: {},
    },
    { why: 'a page', html: '<a href="/about" here></a>' },
    { why: 'a page with an extension', html: '<a href="/about.html" here></a>' },
    { why: 'a host is no file', html: '<a href="https://files.zip" here></a>' },
    { why: 'nor is what a query names', html: '<a href="/view?file=a.pdf" here></a>' },
    { why: 'an address for mail', html: '<a href="mailto:ann@example.zip" here></a>' },
    { why: 'to be ignored', html: '<p data-track-ignore><a href="/a.pdf" here></a></p>' },
  ])('$why', ({ html, expected }) => {
    start();
    press(html);
    expect(tracked).toEqual(expected ? [['File Downloaded', expected]] : []);
  });

  test('further extensions are added to the usual ones', () => {
    start(downloads({ extensions: ['STEP'] }));
    press('<a href="/part.step" here></a>');
    press('<a href="/part.pdf" here></a>');
    expect(tracked.map(([, properties]) => (properties as { extension: string }).extension)).toEqual(['step', 'pdf']);
  });
});

test.each([
  { why: 'the middle button', type: 'auxclick', init: { button: 1 }, count: 1 },
  { why: 'a menu', type: 'auxclick', init: { button: 2 }, count: 0 },
])('$why', ({ type, init, count }) => {
  start();
  press('<a href="/a.pdf" here></a>', type, init);
  expect(tracked).toHaveLength(count);
});

test('once stopped it records nothing', () => {
  start();
  stop();
  press('<a href="/a.pdf" here></a>');
  expect(tracked).toEqual([]);
});

test.each([
  { options: { extensions: ['.step'] }, expected: 'downloads: extensions is [".step"], expected a list of extensions' },
  { options: { extensions: 'step' }, expected: 'extensions is "step"' },
  { options: { more: [] }, expected: 'more is [], expected one of extensions' },
])('a wrong option is told while the page is written: $expected', ({ options, expected }) => {
  expect(() => downloads(options as never)).toThrow(expected);
});
