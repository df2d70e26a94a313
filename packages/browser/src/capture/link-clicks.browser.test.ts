import type { Tracker } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { downloads } from './downloads.ts';
import { outboundLinks } from './outbound-links.ts';

const there = 'https://other.example/a';

let tracked: unknown[][];
let followed: { readonly type: string; readonly wasHeldUp: boolean }[];
let stopping: AbortController;

beforeEach(() => {
  tracked = [];
  followed = [];
  stopping = new AbortController();
  const { signal } = stopping;
  const tracker = { track: (...call: unknown[]) => tracked.push(call) } as unknown as Tracker;
  for (const plugin of [outboundLinks(), downloads()]) {
    const stop = plugin.setup?.(tracker);
    signal.addEventListener('abort', () => stop?.());
  }
  // The page stays where it is, by what comes last.
  for (const type of ['click', 'auxclick']) {
    const stay = (event: Event): void => {
      followed.push({ type, wasHeldUp: event.defaultPrevented });
      event.preventDefault();
    };
    addEventListener(type, stay, { signal });
  }
});

afterEach(() => {
  stopping.abort();
  document.body.innerHTML = '';
});

const find = (selector: string, root: ParentNode = document): HTMLElement =>
  root.querySelector(selector) as HTMLElement;

describe('each way to follow a link is heard once, and none is held up', () => {
  test.each<{ why: string; html?: string; act(link: HTMLElement): Promise<void>; type?: string }>([
    { why: 'a click', act: (link) => userEvent.click(link) },
    {
      why: 'a click with the middle button',
      act: (link) => userEvent.click(link, { button: 'middle' }),
      type: 'auxclick',
    },
    { why: 'a click that asks for a new tab', act: (link) => userEvent.click(link, { modifiers: ['Control'] }) },
    {
      why: 'a key',
      async act(link) {
        link.focus();
        await userEvent.keyboard('{Enter}');
      },
    },
    {
      why: 'a click on a picture in it',
      html: `<a href="${there}"><span><img alt="There" width="40" height="40"></span></a>`,
      act: () => userEvent.click(find('img')),
    },
    {
      why: 'a link that opens a window',
      html: `<a href="${there}" target="_blank" rel="noopener">There</a>`,
      act: (link) => userEvent.click(link),
    },
    {
      why: 'an area of a map',
      html: `<img src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='80' height='80'/>" usemap="#m" alt="Map">
        <map name="m"><area shape="rect" coords="0,0,80,80" href="${there}" alt="There"></map>`,
      act: () => userEvent.click(find('img'), { force: true }),
    },
    {
      why: 'a link in a drawing',
      html: `<svg width="80" height="80"><a href="${there}"><circle cx="40" cy="40" r="40"/></a></svg>`,
      act: () => userEvent.click(find('circle')),
    },
    {
      why: 'a link in a drawing, written as it once was',
      html: `<svg width="80" height="80" xmlns:xlink="http://www.w3.org/1999/xlink"><a xlink:href="${there}"><rect width="80" height="80"/></a></svg>`,
      act: () => userEvent.click(find('rect')),
    },
  ])('$why', async ({ html = `<a href="${there}">There</a>`, act, type = 'click' }) => {
    document.body.innerHTML = html;
    await act(find('a, area'));
    expect(tracked).toEqual([['Outbound Link Clicked', { href: there, host: 'other.example' }]]);
    expect(followed).toEqual([{ type, wasHeldUp: false }]);
  });

  test('what a drawing is made of has addresses too: they lead nowhere', async () => {
    document.body.innerHTML = `<svg hidden><symbol id="i" viewBox="0 0 9 9"><rect width="9" height="9"/></symbol></svg>
      <a href="${there}"><svg width="40" height="40"><use href="#i"/></svg></a>`;
    await userEvent.click(find('use'));
    expect(tracked).toMatchObject([['Outbound Link Clicked', { href: there }]]);
  });

  test('a menu follows nothing', async () => {
    document.body.innerHTML = `<a href="${there}">There</a>`;
    await userEvent.click(find('a'), { button: 'right' });
    expect(followed.map(({ type }) => type)).toEqual(['auxclick']);
    expect(tracked).toEqual([]);
  });
});

describe('shadow trees', () => {
  function card(attributes = ''): ShadowRoot {
    document.body.innerHTML = `<section ${attributes}><b>Slotted</b></section>`;
    const tree = find('section').attachShadow({ mode: 'open' });
    tree.innerHTML = `<a href="${there}"><slot></slot></a><a class="file" href="/a.pdf">File</a>`;
    return tree;
  }

  test('a link in an open one is a link', async () => {
    await userEvent.click(find('.file', card()));
    expect(tracked).toEqual([['File Downloaded', { extension: 'pdf', href: `${location.origin}/a.pdf` }]]);
  });

  test('what the page puts into its slot leads where the slot does', async () => {
    card();
    await userEvent.click(find('b'));
    expect(tracked).toMatchObject([['Outbound Link Clicked', { href: there }]]);
  });

  test('its host says that it is to be ignored', async () => {
    await userEvent.click(find('.file', card('data-track-ignore')));
    await userEvent.click(find('b'));
    expect(followed).toHaveLength(2);
    expect(tracked).toEqual([]);
  });
});

test('a file that the page made has a name, and no address', async () => {
  const url = URL.createObjectURL(new Blob(['ann@example.com']));
  document.body.innerHTML = `<a href="${url}" download="people.csv">Export</a>`;
  await userEvent.click(find('a'));
  expect(tracked).toEqual([['File Downloaded', { extension: 'csv', href: undefined }]]);
  URL.revokeObjectURL(url);
});

test('the browser is never asked to wait', async () => {
  const prevented = vi.spyOn(Event.prototype, 'preventDefault');
  document.body.innerHTML = `<a href="${there}">There</a>`;
  await userEvent.click(find('a'));
  expect(tracked).toHaveLength(1);
  expect(prevented).toHaveBeenCalledTimes(1); // by the test
  prevented.mockRestore();
});
