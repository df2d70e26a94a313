import type { Tracker } from '@org/track-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { rageClicks } from './rage-clicks.ts';

let tracked: unknown[][];
let stop: () => void;
const tracker = { track: (...call: unknown[]) => tracked.push(JSON.parse(JSON.stringify(call))) } as unknown as Tracker;

beforeEach(() => {
  tracked = [];
  stop = rageClicks().setup?.(tracker) ?? (() => {});
});

afterEach(() => {
  stop();
  vi.restoreAllMocks();
  document.body.innerHTML = '';
});

interface Click {
  readonly at: number;
  readonly x?: number;
  readonly y?: number;
  readonly on?: string;
  readonly detail?: number;
}

function click({ at, x = 0, y = 0, on = '[here]', detail = 1 }: Click): void {
  const event = new MouseEvent('click', { bubbles: true, composed: true, clientX: x, clientY: y, detail });
  Object.defineProperty(event, 'timeStamp', { value: at });
  document.querySelector(on)?.dispatchEvent(event);
}

const button = '<button id="buy" here><i>Ann</i></button><button id="sell"></button>';
const at = (...times: readonly number[]): Click[] => times.map((time) => ({ at: time }));

test.each<{ why: string; html?: string; clicks: readonly Click[]; count: number }>([
  { why: 'three within a second', clicks: at(0, 500, 1_000), count: 1 },
  { why: 'two are a habit', clicks: at(0, 100), count: 0 },
  { why: 'three in more than a second', clicks: at(0, 500, 1_001), count: 0 },
  { why: 'however long a burst goes on', clicks: at(0, 300, 600, 900, 1_200, 1_500, 1_800, 2_100), count: 1 },
  { why: 'a burst that gets faster', clicks: at(0, 900, 1_400, 1_500), count: 1 },
  { why: 'the next burst is another', clicks: at(0, 100, 200, 1_300, 1_400, 1_500), count: 2 },
  { why: 'within 30 pixels', clicks: [{ at: 0 }, { at: 100, x: 18, y: 24 }, { at: 200 }], count: 1 },
  { why: 'beyond them', clicks: [{ at: 0 }, { at: 100, x: 18, y: 25 }, { at: 200 }], count: 0 },
  {
    why: 'a hand that wanders off',
    clicks: [{ at: 0 }, { at: 100, x: 20 }, { at: 200, x: 40 }],
    count: 0,
  },
  { why: 'anywhere on one thing', clicks: [{ at: 0 }, { at: 100, on: 'i' }, { at: 200 }], count: 1 },
  { why: 'on two things', clicks: [{ at: 0 }, { at: 100, on: '#sell' }, { at: 200 }], count: 0 },
  { why: 'a key that is held', clicks: [0, 100, 200].map((time) => ({ at: time, detail: 0 })), count: 0 },
  { why: 'on what does nothing', html: '<p here></p>', clicks: at(0, 100, 200), count: 1 },
  { why: 'in a text field', html: '<input here>', clicks: at(0, 100, 200), count: 0 },
  { why: 'on a player', html: '<video here></video>', clicks: at(0, 100, 200), count: 0 },
  { why: 'to be ignored', html: '<p data-track-ignore><b here></b></p>', clicks: at(0, 100, 200), count: 0 },
])('$why: $count', ({ html = button, clicks, count }) => {
  document.body.innerHTML = html;
  for (const one of clicks) click(one);
  expect(tracked).toHaveLength(count);
});

test('it says on what, not what is in it', () => {
  document.body.innerHTML = button;
  for (const one of at(0, 100, 200)) click({ ...one, on: 'i' });
  expect(tracked).toEqual([['Rage Clicked', { element: 'button', element_id: 'buy', element_path: 'button#buy' }]]);
});

test.each([
  { why: 'three clicks on a paragraph select it', html: '<p here>Text</p>', count: 0 },
  { why: 'a picture has nothing to select', html: '<svg here><path d="M0 0h9" /></svg> <p>Text</p>', count: 1 },
  { why: 'a button is pressed, whatever is selected', html: '<div role="button" here></div>', count: 1 },
])('$why', ({ html, count }) => {
  document.body.innerHTML = html;
  vi.spyOn(window, 'getSelection').mockReturnValue({ isCollapsed: false } as Selection);
  for (const one of at(0, 100, 200)) click(one);
  expect(tracked).toHaveLength(count);
});

test('the lines of a drawing are one thing', () => {
  document.body.innerHTML = '<svg id="cup"><path here /><circle /></svg>';
  click({ at: 0 });
  click({ at: 100, on: 'circle' });
  click({ at: 200 });
  expect(tracked).toEqual([['Rage Clicked', { element: 'svg', element_id: 'cup', element_path: 'svg#cup' }]]);
});

test('once stopped it records nothing', () => {
  stop();
  document.body.innerHTML = button;
  for (const one of at(0, 100, 200)) click(one);
  expect(tracked).toEqual([]);
});
