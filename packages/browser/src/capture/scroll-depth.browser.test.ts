import type { JsonObject, Tracker } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';
import { type ScrollDepthOptions, scrollDepth } from './scroll-depth.ts';

const windowPx = 800;
/** Real time, whatever the tests make of timers. */
const later = setTimeout;

let told: number[];
let stop: () => void;

const tracker = {
  track: (_: string, { percent }: JsonObject) => told.push(percent as number),
} as unknown as Tracker;

beforeEach(async () => {
  await page.viewport(600, windowPx);
  told = [];
  stop = () => {};
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
  history.replaceState(null, '', home);
  document.body.innerHTML = '';
  document.body.removeAttribute('style');
  document.documentElement.removeAttribute('style');
  scrollTo(0, 0);
});

const home = location.href;
const block = (heightPx: number, inner = ''): string => `<div style="height: ${heightPx}px">${inner}</div>`;

function start(html: string, options?: ScrollDepthOptions): void {
  document.body.style.margin = '0';
  document.body.innerHTML = html;
  stop = scrollDepth(options).setup?.(tracker) ?? (() => {});
}

/** Until the browser has drawn, and has told its observers. */
async function drawn(): Promise<void> {
  for (let frame = 0; frame < 3; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
  await new Promise((resolve) => later(resolve));
}

const find = (selector: string): HTMLElement => document.querySelector<HTMLElement>(selector) as HTMLElement;

async function scroll(topPx: number, scroller: Element | Window = window): Promise<void> {
  scroller.scrollTo(0, topPx);
  await drawn();
}

/** What has been seen so far. */
function depth(): number | undefined {
  dispatchEvent(new Event('pagehide'));
  return told.at(-1);
}

/** An image that knows its height when it has come. */
async function addImage(heightPx: number): Promise<void> {
  const image = new Image();
  image.style.display = 'block';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="${heightPx}"/>`;
  image.src = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  document.body.append(image);
  await new Promise((resolve) => image.addEventListener('load', resolve));
  await drawn();
}

describe('of a page', () => {
  test.each([
    { why: 'what is in sight at once', live: async () => {}, expected: 20 },
    { why: 'how far it was scrolled', live: () => scroll(1_600), expected: 60 },
    {
      why: 'the farthest counts',
      async live() {
        await scroll(1_600);
        await scroll(0);
      },
      expected: 60,
    },
    { why: 'all of it', live: () => scroll(4_000), expected: 100 },
    {
      why: 'what grew meanwhile counts as high as it is',
      async live() {
        await scroll(1_600);
        document.body.insertAdjacentHTML('beforeend', block(4_000));
        await drawn();
      },
      expected: 30,
    },
    {
      why: 'a window that became larger shows more',
      async live() {
        await page.viewport(600, windowPx * 2);
        await drawn();
      },
      expected: 40,
    },
  ])('$why', async ({ live, expected }) => {
    start(block(4_000));
    await drawn();
    await live();
    expect(depth()).toBe(expected);
  });

  test('that is shorter than the window all is seen', async () => {
    start(block(100));
    await drawn();
    expect(depth()).toBe(100);
  });

  test.each([
    { why: 'is as high as its content', style: '' },
    { why: 'has a root no higher than the window', style: 'height: 100%' },
  ])('images that come late make it longer: it $why', async ({ style }) => {
    document.documentElement.setAttribute('style', style);
    start(block(800));
    document.body.style.height = style && '100%';
    await drawn();
    await addImage(3_200);
    expect(depth()).toBe(20);
  });

  test('content that comes into sight as it grows was seen, without a scroll', async () => {
    start(`${block(100)}<main></main>`, { content: 'main' });
    await drawn();
    find('main').innerHTML = block(1_400);
    await drawn();
    expect(depth()).toBe(50);
  });
});

describe('of chosen content', () => {
  const article = `${block(400)}<article>${block(2_000)}</article>${block(2_000)}`;

  test.each([
    { why: 'what of it is in sight', html: article, topPx: 0, expected: 20 },
    { why: 'how far it was scrolled', html: article, topPx: 600, expected: 50 },
    { why: 'not more than all of it', html: article, topPx: 3_000, expected: 100 },
    { why: 'still to come', html: block(1_000) + article, topPx: 0, expected: undefined },
    { why: 'not shown', html: `<article hidden>${block(2_000)}</article>`, topPx: 0, expected: undefined },
    { why: 'missing', html: block(2_000), topPx: 500, expected: undefined },
    {
      why: 'the first of several',
      html: `<article>${block(1_600)}</article><article>${block(100)}</article>`,
      topPx: 0,
      expected: 50,
    },
  ])('$why', async ({ html, topPx, expected }) => {
    start(html, { content: 'article' });
    await drawn();
    await scroll(topPx);
    expect(depth()).toBe(expected);
  });

  const scroller = (inner: string): string => `<section style="height: 500px; overflow: auto">${inner}</section>`;

  test.each([
    { why: 'inside something that scrolls by itself', content: 'article' },
    { why: 'that scrolls by itself', content: 'section' },
  ])('$why', async ({ content }) => {
    start(scroller(`<article>${block(2_000)}</article>`), { content });
    await drawn();
    await scroll(500, find('section'));
    expect(depth()).toBe(50);
  });

  test('that comes later is seen without a scroll', async () => {
    start('', { content: 'article' });
    await drawn();
    document.body.innerHTML = `<article>${block(1_600)}</article>`;
    await drawn();
    expect(depth()).toBe(50);
  });

  test('that comes later, and is replaced', async () => {
    start('', { content: 'article' });
    await drawn();
    document.body.innerHTML = `<article>${block(8_000)}</article>`;
    await drawn();
    document.body.innerHTML = `<article>${block(1_600)}</article>`;
    await drawn();
    await scroll(10);
    expect(depth()).toBe(51);
  });

  test('that is replaced, without an error that browsers make of observers', async () => {
    const errors: string[] = [];
    const onError = ({ message }: ErrorEvent): unknown => errors.push(message);
    addEventListener('error', onError);
    const deep = '<div>'.repeat(9);
    start(`${deep}<article>${block(8_000)}</article>`, { content: 'article' });
    document.body.style.height = '9000px';
    await drawn();
    document.body.innerHTML = `<article>${block(1_600)}</article>`;
    await drawn();
    expect(depth()).toBe(50);
    removeEventListener('error', onError);
    expect(errors).toEqual([]);
  });
});

test('another view within the document begins from nothing, once it is drawn', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  start(block(4_000));
  await drawn();
  await scroll(3_200);
  history.pushState(null, '', '/other');
  // As routers do: the URL first, the content after a while, and then to the top.
  vi.advanceTimersByTime(200);
  await scroll(3_100);
  vi.advanceTimersByTime(100);
  expect(depth()).toBe(100);
  document.body.innerHTML = block(1_600);
  scrollTo(0, 0);
  vi.advanceTimersByTime(500);
  await drawn();
  expect(depth()).toBe(50);
});

test('scrolling reads nothing that would make the browser lay out the page', async () => {
  start(block(4_000));
  await drawn();
  const reads = [
    vi.spyOn(Element.prototype, 'getBoundingClientRect'),
    vi.spyOn(Element.prototype, 'scrollHeight', 'get'),
    vi.spyOn(Element.prototype, 'scrollTop', 'get'),
    vi.spyOn(Element.prototype, 'clientHeight', 'get'),
  ];
  for (let scrolls = 0; scrolls < 100; scrolls++) document.dispatchEvent(new Event('scroll'));
  expect(reads.map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0, 0]);
  await scroll(800);
  // Once for each frame that was drawn, after it was laid out.
  expect(reads[1]?.mock.calls.length).toBeGreaterThan(0);
  expect(reads[1]?.mock.calls.length).toBeLessThan(5);
});

test('once stopped it observes nothing', async () => {
  start(block(4_000));
  await drawn();
  const observed = vi.spyOn(IntersectionObserver.prototype, 'observe');
  document.body.insertAdjacentHTML('beforeend', block(4_000));
  // A change that has been seen, and is still to be measured.
  await new Promise((resolve) => requestAnimationFrame(resolve));
  await new Promise((resolve) => setTimeout(resolve));
  const disconnected = [IntersectionObserver, ResizeObserver].map(({ prototype }) => vi.spyOn(prototype, 'disconnect'));
  stop();
  expect(disconnected.map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  observed.mockClear();
  await scroll(1_600);
  document.body.insertAdjacentHTML('beforeend', block(4_000));
  await drawn();
  expect(observed).not.toHaveBeenCalled();
  expect(depth()).toBeUndefined();
});

test('a browser without what it takes goes without it', () => {
  const added = vi.spyOn(window, 'addEventListener');
  vi.stubGlobal('IntersectionObserver', undefined);
  expect(() => start(block(100))).toThrow(TypeError); // to the tracker, which reports it
  expect(added).not.toHaveBeenCalled();
  vi.unstubAllGlobals();
});

test('a selector that is none stops the plugin, not the page', () => {
  const added = vi.spyOn(window, 'addEventListener');
  expect(() => start(block(100), { content: '::nonsense(' })).toThrow(DOMException);
  expect(added).not.toHaveBeenCalled();
});
