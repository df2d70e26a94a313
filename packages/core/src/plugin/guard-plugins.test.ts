import { describe, expect, test } from 'vitest';
import type { TrackEvent } from '../event/event.ts';
import type { Diagnostic } from '../runtime/diagnostics.ts';
import { anEvent } from '../testing/builders.ts';
import type { Tracker } from '../tracker.ts';
import { guardPlugins } from './guard-plugins.ts';
import type { Plugin } from './plugin.ts';

const noTracker = {} as Tracker;

function guarded(...plugins: readonly Plugin[]) {
  const told: Diagnostic[] = [];
  return { told, ...guardPlugins(plugins, (diagnostic) => told.push(diagnostic)) };
}

const fail =
  (error: unknown = new TypeError('broken')) =>
  (): never => {
    throw error;
  };

/** Adds its name to the event's, so that the order shows. */
const naming = (name: string): Plugin => ({
  name,
  process: (event) => ({ ...event, event: `${(event as { event: string }).event} ${name}` }) as TrackEvent,
});

describe('process', () => {
  test('without plugins an event is as it was', () => {
    const event = anEvent();
    expect(guarded().process(event)).toBe(event);
  });

  test('each sees what the one before made of it', () => {
    expect(guarded(naming('a'), naming('b')).process(anEvent({ event: 'e' }))).toMatchObject({ event: 'e a b' });
  });

  test('null drops it, and nobody after sees it', () => {
    const seen: TrackEvent[] = [];
    const watching: Plugin = {
      name: 'watching',
      process(event) {
        seen.push(event);
        return event;
      },
    };
    expect(guarded({ name: 'no', process: () => null }, watching).process(anEvent())).toBeNull();
    expect(seen).toEqual([]);
  });

  test('one that only listens changes nothing', () => {
    const event = anEvent();
    expect(guarded({ name: 'setup only' }).process(event)).toBe(event);
    expect(guarded({ name: 'forgot to return', process: (() => {}) as never }).process(event)).toBe(event);
  });

  test('one that throws is passed over, and named', () => {
    const { process, told } = guarded(naming('a'), { name: 'bad', process: fail() }, naming('c'));
    expect(process(anEvent({ event: 'e' }))).toMatchObject({ event: 'e a c' });
    expect(told).toEqual([{ code: 'plugin-failed', detail: expect.stringContaining('bad: TypeError') }]);
  });
});

describe('set-up and tear-down', () => {
  test('each gets the tracker, in order; the last to come is the first to go', () => {
    const heard: unknown[] = [];
    const listening = (name: string): Plugin => ({
      name,
      setup(tracker) {
        heard.push([name, tracker === noTracker]);
        return () => heard.push(`${name} stops`);
      },
    });
    const { setUp, tearDown } = guarded(listening('a'), { name: 'no set-up' }, listening('b'));
    setUp(noTracker);
    expect(heard).toEqual([
      ['a', true],
      ['b', true],
    ]);
    tearDown();
    expect(heard.slice(2)).toEqual(['b stops', 'a stops']);
  });

  test('nothing is stopped twice', () => {
    let stops = 0;
    const { setUp, tearDown } = guarded({ name: 'a', setup: () => () => stops++ });
    setUp(noTracker);
    tearDown();
    tearDown();
    expect(stops).toBe(1);
  });

  test('one that throws at set-up costs the others nothing', () => {
    const heard: string[] = [];
    const { setUp, tearDown, told } = guarded(
      { name: 'bad', setup: fail() },
      {
        name: 'good',
        setup() {
          heard.push('starts');
          return () => heard.push('stops');
        },
      },
    );
    setUp(noTracker);
    tearDown();
    expect(heard).toEqual(['starts', 'stops']);
    expect(told).toEqual([{ code: 'plugin-failed', detail: expect.stringContaining('bad: TypeError') }]);
  });

  test('one that throws at tear-down costs the others nothing', () => {
    const heard: string[] = [];
    const { setUp, tearDown, told } = guarded(
      { name: 'first', setup: () => () => heard.push('first stops') },
      { name: 'bad', setup: () => fail() },
      { name: 'last', setup: () => () => heard.push('last stops') },
    );
    setUp(noTracker);
    tearDown();
    expect(heard).toEqual(['last stops', 'first stops']);
    expect(told).toEqual([{ code: 'plugin-failed', detail: expect.stringContaining('bad: TypeError') }]);
  });

  test('one that returns nothing has nothing to undo', () => {
    const { setUp, tearDown, told } = guarded({ name: 'a', setup: (() => {}) as never });
    setUp(noTracker);
    tearDown();
    expect(told).toEqual([]);
  });
});

test.each([
  { what: 'an object without a name', error: Object.create(null) },
  { what: 'a symbol', error: Symbol('broken') },
  { what: 'undefined', error: undefined },
  { what: 'an error that cannot be read', error: { toString: fail() } },
])('whatever is thrown stays inside: $what', ({ error }) => {
  const event = anEvent();
  const { setUp, process, tearDown, told } = guarded(
    { name: 'a', setup: fail(error), process: fail(error) },
    { name: 'b', setup: () => fail(error) },
  );
  expect(() => setUp(noTracker)).not.toThrow();
  expect(process(event)).toBe(event);
  expect(() => tearDown()).not.toThrow();
  expect(told.map(({ code }) => code)).toEqual(['plugin-failed', 'plugin-failed', 'plugin-failed']);
});

test('nobody needs to listen to diagnostics', () => {
  const plugins = guardPlugins([{ name: 'bad', process: fail() }], undefined);
  const event = anEvent();
  expect(plugins.process(event)).toBe(event);
});
