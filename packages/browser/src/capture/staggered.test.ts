import type { Plugin, TrackEvent, Tracker } from '@org/track-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { staggered } from './staggered.ts';

const tracker = {} as Tracker;
let heard: string[];

beforeEach(() => {
  vi.useFakeTimers();
  heard = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const plugin = (name: string): Plugin => ({
  name,
  setup: () => {
    heard.push(`${name} starts`);
    return () => heard.push(`${name} stops`);
  },
});
const setUp = (plugins: readonly Plugin[]): (() => void)[] => plugins.map((one) => one.setup?.(tracker) ?? (() => {}));

test('each is set up in a task of its own, in their order', () => {
  setUp(staggered(plugin('a'), plugin('b')));
  expect(heard).toEqual([]);
  expect(vi.getTimerCount()).toBe(2);
  vi.runAllTimers();
  expect(heard).toEqual(['a starts', 'b starts']);
});

test('what is stopped before its turn is never set up, and later it stops', () => {
  const [stopA, stopB] = setUp(staggered(plugin('a'), plugin('b')));
  stopB?.();
  vi.runAllTimers();
  stopA?.();
  expect(heard).toEqual(['a starts', 'a stops']);
});

test('events are seen from the start', () => {
  const event = { type: 'track' } as TrackEvent;
  const process = vi.fn(() => null);
  const [one] = staggered({ name: 'a', process });
  setUp(one ? [one] : []);
  vi.runAllTimers();
  expect(one?.process?.(event)).toBe(null);
});

test('one that is an object of a class keeps what its class does', () => {
  class Counting implements Plugin {
    readonly name = 'counting';
    seen = 0;
    setup(): () => void {
      this.seen += 10;
      return () => {};
    }
    process(event: TrackEvent): TrackEvent {
      this.seen++;
      return event;
    }
  }
  const counting = new Counting();
  const [one] = staggered(counting);
  setUp(one ? [one] : []);
  vi.runAllTimers();
  const event = { type: 'track' } as TrackEvent;
  expect([one?.name, one?.process?.(event), counting.seen]).toEqual(['counting', event, 11]);
});

test('one that fails keeps no other from starting, and the page from nothing', () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  const bad: Plugin = {
    name: 'bad',
    setup() {
      throw new Error('bug');
    },
  };
  const [stop] = setUp(staggered(bad, plugin('b')));
  vi.runAllTimers();
  stop?.();
  expect(heard).toEqual(['b starts']);
  expect(warn).toHaveBeenCalledWith('bad captures nothing:', expect.any(Error));
});
