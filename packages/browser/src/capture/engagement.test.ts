import type { CallOptions, JsonObject, Tracker } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { engagement } from './engagement.ts';

let told: { seconds: number; viewId: unknown; atMs: number }[];
let startedAt: number;
let stop: () => void;

const tracker = {
  track(event: string, { seconds, view_id }: JsonObject, _options?: CallOptions) {
    expect(event).toBe('Page Engaged');
    told.push({ seconds: seconds as number, viewId: view_id, atMs: Date.now() - startedAt });
  },
} as unknown as Tracker;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(false);
  told = [];
  startedAt = Date.now();
  stop = () => {};
});

afterEach(() => {
  stop();
  vi.restoreAllMocks();
  vi.useRealTimers();
  document.body.innerHTML = '';
});

function start(plugin = engagement()): void {
  stop = plugin.setup?.(tracker) ?? (() => {});
}

const pass = (ms: number): void => void vi.advanceTimersByTime(ms);
const happen = (type: string, target: EventTarget = document.body): unknown =>
  target.dispatchEvent(new Event(type, { bubbles: true, composed: true }));

/** Does something every so often for so long. */
function keepBusy(ms: number, everyMs = 10_000): void {
  for (let passed = 0; passed < ms; passed += everyMs) {
    happen('pointermove');
    pass(everyMs);
  }
}

function setHidden(hidden: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  happen('visibilitychange', document);
}

function setFocus(hasFocus: boolean): void {
  vi.spyOn(document, 'hasFocus').mockReturnValue(hasFocus);
  happen(hasFocus ? 'focus' : 'blur', window);
}

/** Time that passes for the clock, while no timer runs. */
function sleep(ms: number): void {
  const now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => now + ms);
}

function media(muted: boolean): HTMLElement {
  const video = document.createElement('video');
  video.muted = muted;
  document.body.append(video);
  return video;
}

describe('how long', () => {
  beforeEach(() => start());

  const seconds = (): number | undefined => {
    setHidden(true);
    return told.at(-1)?.seconds;
  };

  test.each([
    { why: 'from the arrival on, to a tenth of a second', live: () => pass(4_360), expected: 4.4 },
    { why: 'less than a second is nobody’s', live: () => pass(900), expected: undefined },
    { why: 'somebody who does nothing more has left', live: () => pass(600_000), expected: 30 },
    { why: 'whoever does something now and then is there', live: () => keepBusy(100_000, 25_000), expected: 100 },
    {
      why: 'a gap is not filled afterwards',
      live() {
        pass(100_000);
        happen('keydown');
        pass(5_000);
      },
      expected: 35,
    },
    {
      why: 'a hidden page is not looked at',
      live() {
        pass(3_000);
        setHidden(true);
        keepBusy(60_000);
        setHidden(false);
        pass(2_000);
      },
      expected: 5,
    },
    {
      why: 'nor is one beside the window that has the focus',
      live() {
        pass(3_000);
        setFocus(false);
        keepBusy(60_000);
        setFocus(true);
        pass(2_000);
      },
      expected: 5,
    },
    {
      why: 'a click into a frame leaves the focus in the page',
      live() {
        happen('blur', window);
        pass(7_000);
      },
      expected: 7,
    },
    {
      why: 'nor does it where the frame has it only after the window has lost it, as in Firefox',
      live() {
        setFocus(false);
        vi.spyOn(document, 'hasFocus').mockReturnValue(true);
        pass(7_000);
      },
      expected: 7,
    },
    {
      why: 'a device that sleeps is somebody who left',
      live() {
        pass(1_000);
        sleep(8 * 3_600_000);
      },
      expected: 30,
    },
    {
      why: 'a wall clock that is set changes nothing',
      live() {
        pass(2_000);
        vi.setSystemTime(0);
        pass(2_000);
      },
      expected: 4,
    },
    {
      why: 'a film with sound is watched',
      live() {
        const video = media(false);
        for (let played = 0; played < 120; played++) {
          video.dispatchEvent(new Event('timeupdate'));
          pass(1_000);
        }
      },
      expected: 120,
    },
    {
      why: 'a silent one plays for nobody',
      live() {
        const video = media(true);
        for (let played = 0; played < 120; played++) {
          video.dispatchEvent(new Event('timeupdate'));
          pass(1_000);
        }
      },
      expected: 30,
    },
    {
      why: 'a page that scrolls is read',
      live() {
        pass(20_000);
        happen('scroll', document);
        pass(20_000);
      },
      expected: 40,
    },
    {
      why: 'a carousel scrolls by itself',
      live() {
        pass(20_000);
        happen('scroll');
        pass(20_000);
      },
      expected: 30,
    },
  ])('$why', ({ live, expected }) => {
    live();
    expect(seconds()).toBe(expected);
  });

  test.each(['pointermove', 'pointerdown', 'wheel', 'keydown', 'input', 'focus'])('%s is a doing', (type) => {
    pass(29_000);
    happen(type);
    pass(29_000);
    expect(seconds()).toBe(58);
  });
});

test('a page that was opened in the background, or before it was asked for, is looked at once it shows', () => {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
  start();
  pass(60_000);
  setHidden(false);
  pass(5_000);
  setHidden(true);
  expect(told.map(({ seconds }) => seconds)).toEqual([5]);
});

test('how long somebody is there after they did something can be set', () => {
  start(engagement({ idleMs: 5_000 }));
  pass(20_000);
  setHidden(true);
  expect(told.map(({ seconds }) => seconds)).toEqual([5]);
});

describe('when it is told', () => {
  test('more and more seldom while somebody is there, at least every five minutes', () => {
    start();
    keepBusy(1_500_000);
    const times = [15, 45, 105, 225, 465, 765, 1_065, 1_365];
    expect(told.map(({ seconds, atMs }) => [seconds, atMs])).toEqual(times.map((time) => [time, time * 1_000]));
  });

  test('as soon for each view', () => {
    start();
    keepBusy(100_000);
    history.pushState(null, '', '/other');
    keepBusy(20_000);
    history.replaceState(null, '', '/page');
    expect(told.map(({ seconds }) => seconds)).toEqual([15, 45, 100, 15]);
  });

  test('when somebody has been away for long: at the end it would be a visit of its own', () => {
    start();
    pass(3_600_000);
    setHidden(true);
    expect(told.map(({ seconds, atMs }) => [seconds, atMs])).toEqual([
      [15, 15_000],
      [30, 300_000],
    ]);
  });

  test('whoever is not there costs no timer', () => {
    start();
    pass(3_600_000);
    expect(vi.getTimerCount()).toBe(0);
    happen('pointermove');
    expect(vi.getTimerCount()).toBe(1);
  });

  test.each([
    { why: 'left', go: () => dispatchEvent(new Event('pagehide')) },
    { why: 'hidden', go: () => setHidden(true) },
    { why: 'frozen', go: () => happen('freeze', document) },
  ])('on the way out: $why', ({ go }) => {
    start();
    pass(5_000);
    go();
    expect(told.map(({ seconds }) => seconds)).toEqual([5]);
  });

  test('on each way out once, and not if nothing has grown', () => {
    start();
    pass(5_000);
    dispatchEvent(new Event('pagehide'));
    setHidden(true);
    happen('freeze', document);
    setHidden(false);
    pass(500);
    setHidden(true);
    expect(told.map(({ seconds }) => seconds)).toEqual([5]);
    setHidden(false);
    pass(600);
    setHidden(true);
    expect(told.map(({ seconds }) => seconds)).toEqual([5, 6.1]);
  });

  test('the totals of a view have one id; a return from the back/forward cache begins another, from nothing', () => {
    start();
    pass(5_000);
    setHidden(true);
    setHidden(false);
    pass(5_000);
    dispatchEvent(new Event('pagehide'));
    setHidden(true);
    pass(60_000);
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(false);
    dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    pass(3_000);
    setHidden(true);
    expect(told.map(({ seconds }) => seconds)).toEqual([5, 10, 3]);
    const [first, second, third] = told.map(({ viewId }) => viewId);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect(third).toMatch(/^[\da-f]{8}-[\da-f]{4}-7/);
  });
});

test('listeners are passive, and none of them keeps the page out of the back/forward cache', () => {
  const added = vi.spyOn(window, 'addEventListener');
  start();
  expect(added.mock.calls.length).toBeGreaterThan(5);
  for (const [type, , options] of added.mock.calls) {
    expect(options, type).toMatchObject({ passive: true, signal: expect.any(AbortSignal) });
    expect(type).not.toMatch(/unload/);
  }
});

test('once stopped it measures nothing, waits for nothing, says nothing', () => {
  start();
  pass(5_000);
  stop();
  expect(vi.getTimerCount()).toBe(0);
  happen('pointermove');
  pass(60_000);
  setHidden(true);
  dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  expect(vi.getTimerCount()).toBe(0);
  expect(told).toEqual([]);
});

test('one instance set up twice counts once', () => {
  const plugin = engagement();
  const stops = [plugin.setup?.(tracker), plugin.setup?.(tracker)];
  pass(20_000);
  setHidden(true);
  expect(told.map(({ seconds }) => seconds)).toEqual([15, 20]);
  for (const undo of stops) undo?.();
});

test.each([
  {
    why: 'too short',
    options: { idleMs: 10 },
    expected: 'engagement: idleMs is 10, expected milliseconds, at least 1000',
  },
  { why: 'no number', options: { idleMs: '30s' }, expected: 'idleMs is "30s"' },
  { why: 'for ever', options: { idleMs: Infinity }, expected: 'idleMs is null' },
  { why: 'unknown', options: { idle: 5_000 }, expected: 'engagement: idle is 5000, expected one of idleMs' },
])('a wrong option is told while the page is written: $why', ({ options, expected }) => {
  expect(() => engagement(options as never)).toThrow(expected);
  expect(() => engagement({ idleMs: undefined } as never)).not.toThrow();
});
