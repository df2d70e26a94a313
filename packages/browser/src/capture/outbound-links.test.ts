import type { Tracker } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { outboundLinks } from './outbound-links.ts';

let tracked: unknown[][];
let stop: () => void;
const tracker = { track: (...call: unknown[]) => tracked.push(call) } as unknown as Tracker;
const start = (plugin = outboundLinks()): void => {
  stop = plugin.setup?.(tracker) ?? (() => {});
};

beforeEach(() => {
  tracked = [];
});

afterEach(() => {
  stop();
  document.body.innerHTML = '';
});

/** Clicks, in a page that stays where it is; says whether anybody else had held up the navigation. */
function press(html: string, init: MouseEventInit = {}, type = init.button ? 'auxclick' : 'click'): boolean {
  document.body.innerHTML = html;
  let isHeldUp = false;
  const stay = (event: Event): void => {
    isHeldUp = event.defaultPrevented;
    event.preventDefault();
  };
  document.addEventListener(type, stay, { capture: true });
  const event = new MouseEvent(type, { bubbles: true, composed: true, cancelable: true, ...init });
  document.querySelector('[here]')?.dispatchEvent(event);
  document.removeEventListener(type, stay, { capture: true });
  return isHeldUp;
}

const link = (href: string): string => `<a href="${href}" here>There</a>`;

describe('which links', () => {
  const there = { href: 'https://other.example/a/b', host: 'other.example' };

  test.each([
    { why: 'to another site', html: link('https://other.example/a/b'), expected: there },
    { why: 'a query and a fragment are left out', html: link('https://other.example/a/b?q=ann#t=1'), expected: there },
    { why: 'so are name and password', html: link('https://ann:secret@other.example/a/b'), expected: there },
    {
      why: 'a click inside it',
      html: '<a href="https://other.example/a/b"><b><i here>There</i></b></a>',
      expected: there,
    },
    {
      why: 'over another protocol',
      html: link('//other.example/a/b'),
      expected: { ...there, href: 'http://other.example/a/b' },
    },
    { why: 'on another page of this site', html: link('/a') },
    { why: 'on another port of this host', html: link('http://localhost:4000/a') },
    { why: 'on a host below this one', html: link('http://shop.localhost/a') },
    {
      why: 'a host that only ends like this one',
      html: link('http://notlocalhost/a'),
      expected: { href: 'http://notlocalhost/a', host: 'notlocalhost' },
    },
    { why: 'an address for mail', html: link('mailto:ann@example.com') },
    { why: 'a telephone', html: link('tel:+491234') },
    { why: 'a script', html: link('javascript:void(0)') },
    { why: 'no address at all', html: link('https://') },
    { why: 'an anchor without one', html: '<a here>There</a>' },
    { why: 'to be ignored', html: `<p data-track-ignore>${link('https://other.example/')}</p>` },
    { why: 'no link', html: '<p here href="https://other.example/">There</p>' },
  ])('$why', ({ html, expected }) => {
    start();
    press(html);
    expect(tracked).toEqual(expected ? [['Outbound Link Clicked', expected]] : []);
  });

  test.each([
    { why: 'a host that is ours', href: 'https://example.com/' },
    { why: 'one below it', href: 'https://www.shop.example.com/' },
    { why: 'one that only ends like it', href: 'https://badexample.com/', expected: ['badexample.com'] },
    { why: 'one above it', href: 'https://com/', expected: ['com'] },
  ])('our other hosts: $why', ({ href, expected = [] }) => {
    start(outboundLinks({ ownHosts: ['Example.com'] })); // hosts are the same in capitals
    press(link(href));
    expect(tracked.map(([, properties]) => (properties as { host: string }).host)).toEqual(expected);
  });
});

test.each([
  { why: 'is ours without it', href: 'https://example.com/', count: 0 },
  { why: 'is ours with another word before', href: 'https://shop.example.com/', count: 0 },
  { why: 'is another’s', href: 'https://example.org/', count: 1 },
])('where the page’s host begins with www, a host $why', ({ href, count }) => {
  const { happyDOM } = window as unknown as { happyDOM: { setURL(url: string): void } };
  const home = location.href;
  happyDOM.setURL('https://www.example.com/');
  start();
  press(link(href));
  happyDOM.setURL(home);
  expect(tracked).toHaveLength(count);
});

describe('how it is followed', () => {
  test.each([
    { why: 'a key', init: { detail: 0 }, count: 1 },
    { why: 'a new tab', init: { ctrlKey: true }, count: 1 },
    { why: 'the middle button', init: { button: 1 }, count: 1 },
    { why: 'a menu', init: { button: 2 }, count: 0 },
    { why: 'the button that goes back', init: { button: 3 }, count: 0 },
  ])('$why', ({ init, count }) => {
    start();
    expect(press(link('https://other.example/'), init)).toBe(false);
    expect(tracked).toHaveLength(count);
  });

  test('a page that stops the event hides nothing from it', () => {
    start();
    const stopIt = (event: Event): void => {
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    document.addEventListener('click', stopIt, { capture: true });
    press(link('https://other.example/'));
    document.removeEventListener('click', stopIt, { capture: true });
    expect(tracked).toHaveLength(1);
  });
});

test('once stopped it records nothing', () => {
  start();
  stop();
  press(link('https://other.example/'));
  press(link('https://other.example/'), { button: 1 });
  expect(tracked).toEqual([]);
});

test('one instance set up twice records once', () => {
  const plugin = outboundLinks();
  start(plugin);
  start(plugin);
  press(link('https://other.example/'));
  expect(tracked).toHaveLength(1);
});

test('a call that throws does not reach the page', () => {
  const uncaught = vi.fn();
  addEventListener('error', uncaught);
  const broken = {
    track: vi.fn(() => {
      throw new TypeError('broken');
    }),
  };
  stop = outboundLinks().setup?.(broken as never) ?? (() => {});
  press(link('https://other.example/'));
  expect(broken.track).toHaveBeenCalledTimes(1);
  expect(uncaught).not.toHaveBeenCalled();
  removeEventListener('error', uncaught);
});

test.each([
  {
    options: { ownHosts: 'example.com' },
    expected: 'outboundLinks: ownHosts is "example.com", expected a list of hosts',
  },
  { options: { ownHosts: ['https://example.com'] }, expected: 'ownHosts is ["https://example.com"]' },
  { options: { hosts: [] }, expected: 'hosts is [], expected one of ownHosts' },
])('a wrong option is told while the page is written: $expected', ({ options, expected }) => {
  expect(() => outboundLinks(options as never)).toThrow(expected);
});
