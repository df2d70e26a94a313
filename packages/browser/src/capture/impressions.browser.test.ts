import type { CallOptions, JsonObject, Tracker } from '@org/track-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ImpressionsOptions, impressions } from './impressions.ts';

const home = location.href;
let tracked: { event: string; properties: JsonObject; options: CallOptions | undefined }[];
let stops: (() => void)[];
/** What is measured passes when the tests say so; what browsers do takes the time it takes. */
let elapsedMs: number;

const tracker = {
  track(event: string, properties: JsonObject, options?: CallOptions) {
    tracked.push({ event, properties, options });
  },
} as unknown as Tracker;

beforeEach(() => {
  tracked = [];
  stops = [];
  elapsedMs = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => elapsedMs);
});

afterEach(() => {
  for (const stop of stops) stop();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  document.body.innerHTML = '';
  scrollTo(0, 0);
  history.replaceState(null, '', home);
});

const minMs = 60;

/** What is new in the page is looked for so long after it came. */
const lookMs = 100;

function start(options: ImpressionsOptions = { minMs }): () => void {
  const stop = impressions(options).setup?.(tracker) ?? (() => {});
  stops.push(stop);
  return stop;
}

const find = (selector: string): HTMLElement => document.querySelector(selector) as HTMLElement;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const names = (): unknown[] => tracked.map(({ properties }) => properties.name);

/** Two frames: after them the browser has told what is in sight. */
const rendered = (): Promise<void> =>
  new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))));

/** Somebody looks for so long, also at what has to be found first. Default: long enough for it to be seen. */
async function look(ms: number = minMs): Promise<void> {
  await sleep(lookMs + 20);
  await rendered();
  elapsedMs += ms;
}

function setHidden(hidden: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
}

/** Nobody can see the page any more: what was in sight is recorded. */
const leave = (): void => setHidden(true);

/** A block, `height` high, `top` below the window's upper edge. */
const block = (attributes: string, top = 0, height = 100): string =>
  `<div ${attributes} style="position:absolute;left:0;width:100px;top:${top}px;height:${height}px"></div>`;

const tagged = (name: string): string => `data-track-impression="${name}"`;

test('what was in sight long enough is recorded once it is not any more, with its properties and the time it came', async () => {
  document.body.innerHTML = block(
    `${tagged('Headline')} data-track-impression-id="a1" data-track-impression-list-name="Top"`,
  );
  const startedAt = Date.now();
  start();
  await look();
  expect(tracked).toEqual([]);
  const inSightAt = Date.now();
  await sleep(20);
  leave();
  expect(tracked).toEqual([
    {
      event: 'Impression',
      properties: { name: 'Headline', id: 'a1', list_name: 'Top', share: 1, visible_ms: minMs },
      options: { timestamp: expect.any(Date), context: { page: expect.objectContaining({ url: home }) } },
    },
  ]);
  expect(Number(tracked[0]?.options?.timestamp)).toBeGreaterThanOrEqual(startedAt);
  expect(Number(tracked[0]?.options?.timestamp)).toBeLessThanOrEqual(inSightAt);
});

test('by default: half of it, for a second', async () => {
  document.body.innerHTML =
    block(tagged('Half'), window.innerHeight - 60) +
    block(tagged('Less'), window.innerHeight - 40) +
    block(tagged('Late'), 10);
  find(`[${tagged('Late')}]`).style.display = 'none';
  start({});
  await look(600);
  find(`[${tagged('Late')}]`).style.display = '';
  await look(500);
  leave();
  expect(tracked).toMatchObject([{ properties: { name: 'Half', share: 0.6 } }]);
});

test('shorter is not seen, and two short times are not a long one', async () => {
  document.body.innerHTML = block(tagged('Headline'));
  start({ minMs: 400 });
  for (let round = 0; round < 2; round++) {
    await look(250);
    leave();
    setHidden(false);
  }
  await rendered();
  leave();
  expect(tracked).toEqual([]);
});

test('scrolled out of sight it is recorded, and not again when it comes back', async () => {
  document.body.innerHTML = `${block(tagged('Headline'))}<div style="height:5000px"></div>`;
  start();
  await look();
  scrollTo(0, 2_000);
  await expect.poll(() => tracked.length).toBe(1);
  scrollTo(0, 0);
  await look();
  leave();
  expect(names()).toEqual(['Headline']);
});

test('the share is the most there was of it', async () => {
  document.body.innerHTML = `${block(tagged('Headline'), window.innerHeight - 60)}<div style="height:5000px"></div>`;
  start();
  await look();
  scrollTo(0, 20);
  await look();
  scrollTo(0, 0);
  await look();
  leave();
  expect(tracked).toMatchObject([{ properties: { share: 0.8 } }]);
});

test('what is larger than the window is seen when it fills half of that', async () => {
  const wide = (name: string, top: number): string =>
    `<div ${tagged(name)} style="position:absolute;left:0;width:100vw;top:${top}px;height:3000vh"></div>`;
  document.body.innerHTML = wide('Article', 0) + wide('Below', window.innerHeight * 0.7);
  start();
  await look();
  leave();
  expect(names()).toEqual(['Article']);
});

test.each([
  { why: 'as wide as the window, half of it', minShare: 0.5, width: '100vw', height: 22, shown: 0.6 },
  { why: 'as wide as the window, most of it', minShare: 0.8, width: '100vw', height: 6, shown: 0.9 },
  { why: 'very long', minShare: 0.5, width: '100vw', height: 600, shown: 0.6 },
  { why: 'a column, half of what fits', minShare: 0.5, width: '30vw', height: 22, shown: 0.6 },
  { why: 'a column, too little of what fits', minShare: 0.5, width: '30vw', height: 22, shown: 0.4, isSeen: false },
])('what is longer than the window is scrolled to: $why', async ({ minShare, width, height, shown, isSeen = true }) => {
  const style = `position:absolute;left:0;top:300vh;width:${width};height:${height * 100}vh`;
  document.body.innerHTML = `<div ${tagged('Article')} style="${style}"></div>`;
  start({ minShare, minMs });
  await look();
  // As people scroll: in steps, each of which the browser shows.
  for (let step = 1; step <= 10; step++) {
    scrollTo(0, (2 + (shown * step) / 10) * window.innerHeight);
    await rendered();
  }
  await look();
  leave();
  expect(names()).toEqual(isSeen ? ['Article'] : []);
});

test('a hidden tab shows nothing, also while it opens', async () => {
  setHidden(true);
  document.body.innerHTML = block(tagged('Headline'));
  start();
  await look();
  setHidden(false);
  await rendered();
  setHidden(true);
  await look();
  expect(tracked).toEqual([]);
  setHidden(false);
  await look();
  leave();
  expect(names()).toEqual(['Headline']);
});

test('elements that come later are found, alone or inside others', async () => {
  start();
  document.body.innerHTML = `${block(tagged('Alone'))}<section><p>${block(tagged('Inside'), 200)}</p></section>`;
  await look();
  leave();
  expect(names()).toEqual(['Alone', 'Inside']);
});

test('so are elements that are tagged later', async () => {
  document.body.innerHTML = block('id="a"');
  start();
  await look();
  find('#a').setAttribute('data-track-impression', 'Headline');
  await look();
  leave();
  expect(names()).toEqual(['Headline']);
});

test('in open shadow trees, of elements there, that come later, and that are defined later', async () => {
  document.body.innerHTML = '<section></section>';
  find('section').attachShadow({ mode: 'open' }).innerHTML = `<article></article>${block(tagged('There'))}`;
  find('section').shadowRoot?.querySelector('article')?.attachShadow({ mode: 'open' });
  start();
  await rendered();
  const inner = find('section').shadowRoot?.querySelector('article')?.shadowRoot as ShadowRoot;
  inner.innerHTML = block(tagged('Later'), 200);
  document.body.append(document.createElement('x-late-headline'));
  await look();
  customElements.define(
    'x-late-headline',
    class extends HTMLElement {
      constructor() {
        super();
        this.attachShadow({ mode: 'open' }).innerHTML = block(tagged('Defined later'), 400);
      }
    },
  );
  await look();
  leave();
  expect(names().sort()).toEqual(['Defined later', 'Later', 'There']);
});

test('of elements that nobody ever defines none is kept, however many come and go', async () => {
  const asked = vi.spyOn(customElements, 'whenDefined');
  start();
  for (let round = 0; round < 3; round++) {
    document.body.innerHTML = '<x-framework-item></x-framework-item>'.repeat(20);
    await look();
    document.body.innerHTML = '';
  }
  // Each answer that is waited for holds what it is about.
  expect(asked.mock.calls).toEqual([['x-framework-item']]);
});

test('what is defined later is found wherever it is by then', async () => {
  document.body.innerHTML = '<section></section><x-any.late></x-any.late>';
  const root = find('section').attachShadow({ mode: 'open' });
  start();
  document.body.innerHTML = '';
  document.body.append(root.host);
  root.append(document.createElement('x-any.late'));
  await look();
  customElements.define(
    'x-any.late',
    class extends HTMLElement {
      constructor() {
        super();
        this.attachShadow({ mode: 'open' }).innerHTML = block(tagged('Defined later'));
      }
    },
  );
  await look();
  leave();
  expect(names()).toEqual(['Defined later']);
});

test('what fails to become what it is defined as costs the page nothing', async () => {
  document.body.innerHTML = `<x-failing></x-failing>${block(tagged('Headline'))}`;
  start();
  const heard = vi.fn((event: Event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  addEventListener('error', heard, { capture: true, once: true });
  customElements.define(
    'x-failing',
    class extends HTMLElement {
      constructor() {
        super();
        throw new Error('the page’s own');
      }
    },
  );
  await look();
  leave();
  expect(names()).toEqual(['Headline']);
  expect(heard).toHaveBeenCalledTimes(1);
});

test('a shadow tree that was away for a while is looked at again', async () => {
  document.body.innerHTML = '<section></section>';
  const host = find('section');
  const root = host.attachShadow({ mode: 'open' });
  start();
  host.remove();
  await look();
  root.innerHTML = block(tagged('Kept alive'));
  document.body.append(host);
  await look();
  host.remove();
  await look();
  expect(names()).toEqual(['Kept alive']);
  history.replaceState(null, '', '/another');
  document.body.append(host);
  await look();
  leave();
  expect(names()).toEqual(['Kept alive', 'Kept alive']);
});

test('taken out of the page it is recorded, and not watched any more', async () => {
  const unobserve = vi.spyOn(IntersectionObserver.prototype, 'unobserve');
  document.body.innerHTML = block(tagged('Headline')) + block(tagged('Below'), 20_000);
  const elements = [...document.body.children];
  start();
  await look();
  document.body.innerHTML = '';
  await expect.poll(() => tracked.length).toBe(1);
  await expect.poll(() => unobserve.mock.calls.length).toBe(2);
  expect(unobserve.mock.calls.map(([element]) => element)).toEqual(elements);
});

test('taken out and put back, one element counts once', async () => {
  document.body.innerHTML = block(`${tagged('Headline')} id="a"`);
  const element = find('#a');
  start();
  await look();
  element.remove();
  await look();
  document.body.append(element);
  await look();
  leave();
  expect(names()).toEqual(['Headline']);
});

test('by its id it counts once, however often it is drawn anew, and an element that shows another one counts again', async () => {
  const headline = (id: string): string => block(`${tagged('Headline')} data-track-impression-id="${id}"`);
  document.body.innerHTML = headline('a1');
  start();
  await look();
  document.body.innerHTML = headline('a1');
  await look();
  find('div').setAttribute('data-track-impression-id', 'a2');
  await look();
  leave();
  expect(tracked.map(({ properties }) => properties.id)).toEqual(['a1', 'a2']);
});

test('an element that is called otherwise counts again', async () => {
  document.body.innerHTML = block(`${tagged('Headline')} id="a"`);
  start();
  await look();
  find('#a').setAttribute('data-track-impression', 'Teaser');
  await look();
  leave();
  expect(names()).toEqual(['Headline', 'Teaser']);
});

test('the share that is asked for is told exactly', async () => {
  document.body.innerHTML = `${block(tagged('Headline'), window.innerHeight - 52)}<div style="height:5000px"></div>`;
  start({ minShare: 0.55, minMs });
  await look();
  scrollTo(0, 5);
  await look();
  leave();
  expect(tracked).toMatchObject([{ properties: { share: 0.57 } }]);
});

test('without ids, elements of one name count each', async () => {
  document.body.innerHTML = block(tagged('Headline')) + block(tagged('Headline'), 200);
  start();
  await look();
  leave();
  expect(names()).toEqual(['Headline', 'Headline']);
});

test('another page is another view, of which each impression tells its own', async () => {
  document.body.innerHTML = block(`${tagged('Headline')} data-track-impression-id="a1"`);
  start();
  await look();
  history.pushState(null, '', '#top');
  expect(tracked).toEqual([]);
  history.pushState(null, '', '/next');
  expect(tracked).toHaveLength(1);
  await look();
  leave();
  expect(tracked.map(({ options }) => options?.context?.page?.path)).toEqual([new URL(home).pathname, '/next']);
});

test('so is the return from the back/forward cache', async () => {
  document.body.innerHTML = block(tagged('Headline'));
  start();
  await look();
  dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
  expect(names()).toEqual(['Headline']);
  dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  await look();
  leave();
  expect(names()).toEqual(['Headline', 'Headline']);
});

test.each([
  { why: 'a tag without a name', html: block('data-track-impression') },
  { why: 'an element that asks for it', html: block(`${tagged('Headline')} data-track-ignore`) },
  { why: 'a part that asks for it', html: `<div data-track-ignore>${block(tagged('Headline'))}</div>` },
  { why: 'what is not displayed', html: `<div style="display:none">${block(tagged('Headline'))}</div>` },
  { why: 'what is below the window', html: block(tagged('Headline'), 20_000) },
  { why: 'what has no size', html: `<div ${tagged('Headline')} style="position:absolute;top:10px"></div>` },
])('is not recorded: $why', async ({ html }) => {
  document.body.innerHTML = html;
  start();
  await look();
  leave();
  expect(tracked).toEqual([]);
});

test('a page that changes a lot is looked at once for all of it', async () => {
  const observe = vi.spyOn(IntersectionObserver.prototype, 'observe');
  const timers = vi.spyOn(window, 'setTimeout');
  start();
  await rendered();
  timers.mockClear();
  for (let at = 0; at < 50; at++) document.body.insertAdjacentHTML('beforeend', block(tagged('Headline'), at * 2, 2));
  await Promise.resolve();
  document.body.insertAdjacentHTML('beforeend', block(tagged('Headline'), 200));
  await Promise.resolve();
  expect(timers).toHaveBeenCalledTimes(1);
  await sleep(200);
  expect(observe).toHaveBeenCalledTimes(51);
});

test('where there is no IntersectionObserver, nothing happens', async () => {
  const missing = window.IntersectionObserver;
  Reflect.deleteProperty(window, 'IntersectionObserver');
  try {
    document.body.innerHTML = block(tagged('Headline'));
    start();
    await look();
    leave();
    expect(tracked).toEqual([]);
  } finally {
    window.IntersectionObserver = missing;
  }
});

test('where the page is broken, nothing of it reaches the page', async () => {
  const errors: unknown[] = [];
  const onError = (event: ErrorEvent): void => {
    errors.push(event.error);
    event.stopImmediatePropagation();
  };
  addEventListener('error', onError, { capture: true });
  start();
  const broken = (): never => {
    throw new TypeError('broken');
  };
  document.body.innerHTML = block(tagged('Headline'));
  await look();
  vi.spyOn(Element.prototype, 'getAttribute').mockImplementation(broken);
  document.body.insertAdjacentHTML('beforeend', `${block(tagged('Later'), 200)}<x-never-defined></x-never-defined>`);
  await look();
  vi.spyOn(IntersectionObserver.prototype, 'unobserve').mockImplementation(broken);
  document.querySelector('div')?.setAttribute('data-track-impression', 'Other');
  await look();
  removeEventListener('error', onError, { capture: true });
  expect(errors).toEqual([]);
});

test('wrong options are named while a page is written', () => {
  expect(() => impressions({ minShare: 50 })).toThrow('impressions: minShare is 50, expected a number from 0 to 1');
  expect(() => impressions({ minMs: -1 })).toThrow('impressions: minMs is -1');
});

test('once stopped it sees nothing, and a second set-up counts once', async () => {
  document.body.innerHTML = block(tagged('Headline'));
  const observe = vi.spyOn(IntersectionObserver.prototype, 'observe');
  const stop = start();
  document.body.insertAdjacentHTML('beforeend', block(tagged('Later'), 200));
  await Promise.resolve();
  stop();
  await sleep(150);
  const timers = vi.spyOn(window, 'setTimeout');
  document.body.insertAdjacentHTML('beforeend', block(tagged('Later still'), 400));
  await Promise.resolve();
  expect(timers).not.toHaveBeenCalled();
  await look();
  leave();
  expect(tracked).toEqual([]);
  expect(observe).toHaveBeenCalledTimes(1);
  setHidden(false);
  const plugin = impressions({ minMs });
  stops.push(...[plugin.setup?.(tracker), plugin.setup?.(tracker)].filter((stop) => stop !== undefined));
  await look();
  leave();
  expect(names()).toEqual(['Headline', 'Later', 'Later still']);
});
