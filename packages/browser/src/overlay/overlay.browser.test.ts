// biome-ignore-all lint/suspicious/noDocumentCookie: as the tracker writes it
import { createIds, createMemoryOutbox, type Tracker } from '@org/track-core';
import { createScriptedTransport, type ScriptedAnswer } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { autocapture } from '../capture/autocapture.ts';
import { clicks } from '../capture/clicks.ts';
import { type BrowserTrackerOptions, createTracker } from '../create-browser-tracker.ts';
import { browserClock } from '../runtime/browser-clock.ts';
import { type Overlay, type OverlayOptions, overlay } from './overlay.ts';

const home = location.href;
const patient = { timeout: 30_000 };
let running: Tracker[];
let look: Overlay;

beforeEach(() => {
  running = [];
});

afterEach(async () => {
  for (const tracker of running) await tracker.shutdown({ deadlineMs: 10 });
  vi.restoreAllMocks();
  history.replaceState(null, '', home);
  document.body.replaceChildren();
  document.cookie = 'jn=; Max-Age=-1; Path=/';
  expect(host()).toBeNull();
});

function start({
  own,
  script = [],
  ...options
}: Partial<BrowserTrackerOptions> & { own?: OverlayOptions; script?: readonly ScriptedAnswer[] } = {}): Tracker {
  look = overlay(own);
  const storage: object = { ids: createIds(browserClock), outbox: createMemoryOutbox() };
  const transport = createScriptedTransport(script);
  const tracker = createTracker({
    endpoint: '/api/j',
    consent: { initial: { analytics: true } },
    storage,
    queue: { maxWaitMs: 600_000 }, // what is queued is so until a test says otherwise
    plugins: [look],
    delivery: [() => transport, look.delivery],
    ...options,
  });
  running.push(tracker);
  return tracker;
}

const host = (): HTMLElement | null => document.querySelector('org-track-overlay');
const root = (): ShadowRoot => host()?.shadowRoot as ShadowRoot;
const all = (selector: string): readonly HTMLElement[] => [...root().querySelectorAll<HTMLElement>(selector)];
const find = (selector: string): HTMLElement => all(selector)[0] as HTMLElement;
const rows = (): readonly HTMLElement[] => all('.item:not([hidden]) .row');
const shown = (): readonly (string | null | undefined)[] =>
  rows().map((row) => `${row.querySelector('.name')?.textContent}: ${row.querySelector('.state')?.textContent}`);
const press = (init: KeyboardEventInit, target: EventTarget = document.body): boolean =>
  target.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, composed: true, ...init }));
const shortcut = { code: 'KeyT', key: 'T', altKey: true, shiftKey: true };

test('what somebody does in it is nothing that the page records', async () => {
  const tracker = start({ capture: [autocapture(), clicks()] });
  look.open();
  tracker.track('Seen');
  await expect.poll(shown, patient).toEqual(['Seen: queued']);
  rows()[0]?.click();
  expect(all('.details')[0]?.hidden).toBe(false);
  expect(tracker.stats().accepted).toBe(1);
});

describe('it opens', () => {
  test('by its keys, and closes by them', () => {
    start();
    expect(host()).toBeNull();
    expect(press(shortcut)).toBe(false); // the page gets no letter
    expect(host()).not.toBeNull();
    press(shortcut);
    expect(host()).toBeNull();
  });

  test.each<{ why: string; own?: OverlayOptions; keys: KeyboardEventInit }>([
    { why: 'other keys', keys: { ...shortcut, shiftKey: false } },
    { why: 'more keys', keys: { ...shortcut, ctrlKey: true } },
    { why: 'the default where another was chosen', own: { shortcut: 'KeyJ' }, keys: shortcut },
  ])('not by $why', ({ own, keys }) => {
    start({ ...(own && { own }) });
    press(keys);
    expect(host()).toBeNull();
  });

  test.each<{ address: string; own?: OverlayOptions; opens: boolean }>([
    { address: '?track', opens: true },
    { address: '?a=1&track=1', opens: true },
    { address: '?tracked', opens: false },
    { address: '?look', own: { query: 'look' }, opens: true },
  ])('by the address $address: $opens', ({ address, own, opens }) => {
    history.replaceState(null, '', address);
    const input = document.createElement('input');
    document.body.append(input);
    input.focus();
    start({ ...(own && { own }) });
    expect(!!host()).toBe(opens);
    expect(document.activeElement).toBe(input); // it takes the focus only when asked for
    look.close();
  });

  test('by a call, on a tracker that has begun, from then on', async () => {
    const tracker = start({ plugins: [], delivery: [() => createScriptedTransport()] });
    tracker.track('Before');
    const late = overlay();
    const stop = late.setup(tracker);
    late.open();
    tracker.track('After');
    await expect.poll(shown, patient).toEqual(['After: queued']);
    void tracker.flush();
    await expect.poll(shown, patient).toEqual([expect.stringMatching(/^After: confirmed/)]);
    stop();
    expect(host()).toBeNull();
  });

  test('nowhere before the tracker began, and after its end', async () => {
    overlay().open();
    expect(host()).toBeNull();
    const tracker = start();
    look.open();
    await tracker.shutdown();
    expect(host()).toBeNull();
    look.open();
    press(shortcut);
    expect(host()).toBeNull();
  });
});

describe('it shows', () => {
  test('each event on its way, the newest first', async () => {
    // As often as it likes: what is confirmed in the end would be so before a slow machine looks.
    const unavailable = Array.from({ length: 50 }, () => ({ kind: 'retry', reason: 'http-503' }) as const);
    const tracker = start({ script: [{ kind: 'delivered' }, ...unavailable] });
    look.open();
    expect(find('.empty').hidden).toBe(false);
    tracker.track('First');
    tracker.track('Ad Seen', {}, { purpose: 'advertising' });
    tracker.track('');
    await expect
      .poll(shown, patient)
      .toEqual(['(no name): lost: invalid', 'Ad Seen: waits for consent', 'First: queued']);
    expect(find('.empty').hidden).toBe(true);
    void tracker.flush();
    await expect.poll(() => shown().at(-1), patient).toMatch(/^First: confirmed \d/);
    tracker.track('Second');
    void tracker.flush();
    await expect.poll(() => shown()[0], patient).toBe('Second: again: http-503');
    await expect.poll(() => find('header .chip').textContent, patient).toContain('http-503');
  });

  test('what happened before it was opened', async () => {
    start().track('Early');
    look.open();
    await expect.poll(shown, patient).toEqual(['Early: queued']);
  });

  test('an event’s content and stations to whoever asks, kept up to date', async () => {
    const tracker = start();
    look.open();
    tracker.track('Product Added', { product_id: 'p1' });
    await expect.poll(shown, patient).toHaveLength(1);
    const row = rows()[0] as HTMLElement;
    expect(row.getAttribute('aria-expanded')).toBe('false');
    expect(all('pre')).toEqual([]);
    row.click();
    expect(row.getAttribute('aria-expanded')).toBe('true');
    expect(JSON.parse(find('pre').textContent ?? '')).toMatchObject({
      type: 'track',
      properties: { product_id: 'p1' },
    });
    void tracker.flush();
    await expect.poll(() => find('.steps').textContent, patient).toMatch(/captured.*consent.*queued.*sent.*confirmed/);
    row.click();
    expect(find('.details').hidden).toBe(true);
  });

  test('markup in what an event says is text', async () => {
    const tracker = start();
    look.open();
    tracker.track('<img src=x onerror="globalThis.broken = 1">', { text: '<b>' });
    await expect.poll(shown, patient).toHaveLength(1);
    rows()[0]?.click();
    expect(all('img, b b, pre b')).toEqual([]);
    expect(find('.name').textContent).toContain('<img');
  });

  test('what a collector would find wrong', async () => {
    const spoil = {
      name: 'spoil',
      process: (event: { timestamp: string }) => ({ ...event, timestamp: 'yesterday' }),
    };
    const late = overlay();
    const spoiled = start({ plugins: [spoil as never, late] });
    late.open();
    spoiled.track('a');
    await expect.poll(() => shown()[0], patient).toContain('invalid');
    rows()[0]?.click();
    expect(find('.issues').textContent).toContain('timestamp');
    late.close();
  });

  test('consent, the signal and the books, as they change', async () => {
    const tracker = start();
    look.open();
    const chips = () => all('dd .chip').map(({ textContent }) => textContent);
    expect(chips()).toEqual(['functional: undecided', 'analytics: yes', 'advertising: undecided']);
    tracker.consent.set({ advertising: false });
    await expect.poll(chips, patient).toEqual(['functional: undecided', 'analytics: yes', 'advertising: no']);
    tracker.track('a');
    tracker.track('b', {}, { purpose: 'advertising' });
    await expect
      .poll(() => find('dl').textContent, patient)
      .toContain('2 accepted =0 delivered +1 dropped (1 × consent)+0 dead+1 pending');
  });

  test('what is asked for by name, type, id or reason; or problems only', async () => {
    const tracker = start();
    look.open();
    tracker.track('Product Added');
    tracker.track('Ad Seen', {}, { purpose: 'advertising' });
    await expect.poll(shown, patient).toHaveLength(2);
    const filter = find('.filter') as HTMLInputElement;
    const ask = async (text: string, expected: readonly string[]): Promise<void> => {
      filter.value = text;
      filter.dispatchEvent(new Event('input', { bubbles: true }));
      await expect.poll(() => shown().map((line) => line?.split(':')[0]), patient).toEqual(expected);
    };
    await ask('product', ['Product Added']);
    await ask('consent', ['Ad Seen']);
    await ask('nobody', []);
    expect(find('.empty').textContent).toBe('No event matches.');
    await ask('', ['Ad Seen', 'Product Added']);
    find('input[type="checkbox"]').click();
    await expect.poll(() => shown().map((line) => line?.split(':')[0]), patient).toEqual(['Ad Seen']);
  });

  test('nothing after “Clear”, until something happens', async () => {
    const tracker = start();
    look.open();
    tracker.track('a');
    await expect.poll(shown, patient).toHaveLength(1);
    all('button')
      .find(({ textContent }) => textContent === 'Clear')
      ?.click();
    await expect.poll(shown, patient).toEqual([]);
    tracker.track('b');
    await expect.poll(shown, patient).toEqual(['b: queued']);
  });
});

describe('by keyboard', () => {
  test('the focus goes in, among the events by arrows, and back to where it was by Escape', async () => {
    const tracker = start();
    const input = document.createElement('input');
    document.body.append(input);
    input.focus();
    for (const name of ['a', 'b']) tracker.track(name);
    press(shortcut, input);
    expect(document.activeElement).toBe(host());
    await expect.poll(rows, patient).toHaveLength(2);
    find('.filter').focus();
    for (const [key, expected] of [
      ['ArrowDown', 0],
      ['ArrowDown', 1],
      ['ArrowDown', 1],
      ['ArrowUp', 0],
    ] as const) {
      press({ key }, root().activeElement as Element);
      expect(root().activeElement).toBe(rows()[expected]);
    }
    press({ key: 'Escape' }, root().activeElement as Element);
    expect(host()).toBeNull();
    expect(document.activeElement).toBe(input);
  });

  test('what is typed in it is not the page’s', () => {
    start();
    look.open();
    const heard = vi.fn();
    document.addEventListener('keydown', heard);
    press({ key: 's', code: 'KeyS' }, find('.filter'));
    document.removeEventListener('keydown', heard);
    expect(heard).not.toHaveBeenCalled();
    look.close();
  });
});

describe('over the page', () => {
  test('it moves nothing, whatever the page’s rules are', () => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
      '* { display: block !important; margin: 40px } org-track-overlay { display: none !important; position: static; width: 5000px }',
    );
    document.adoptedStyleSheets = [sheet];
    const text = document.createElement('p');
    text.textContent = 'Some words.';
    document.body.append(text);
    const measure = () => [
      text.getBoundingClientRect().toJSON(),
      document.documentElement.scrollWidth,
      document.documentElement.scrollHeight,
    ];
    const before = measure();
    start();
    look.open();
    expect(measure()).toEqual(before);
    const { position, display } = getComputedStyle(host() as Element);
    expect([position, display]).toEqual(['fixed', 'block']);
    expect(find('.panel').getBoundingClientRect().width).toBeGreaterThan(100);
    look.close();
    document.adoptedStyleSheets = [];
  });

  test('closed it leaves no timer', () => {
    const set = vi.spyOn(globalThis, 'setInterval');
    const cleared = vi.spyOn(globalThis, 'clearInterval');
    start();
    look.open();
    look.close();
    expect(set).toHaveBeenCalledTimes(1);
    expect(cleared).toHaveBeenCalledWith(set.mock.results[0]?.value);
  });

  test('a browser that cannot show it shows nothing, and the page goes on', () => {
    vi.spyOn(CSSStyleSheet.prototype, 'replaceSync').mockImplementation(() => {
      throw new TypeError('not here');
    });
    start();
    expect(() => look.open()).not.toThrow();
    expect(host()).toBeNull();
  });
});
