import { describe, expect, test } from 'vitest';
import { createConsent } from '../consent/consent.ts';
import { createTracker, type TrackerParts } from '../create-tracker.ts';
import type { TrackEvent } from '../event/event.ts';
import { createMemoryOutbox } from '../outbox/memory-outbox.ts';
import { createQueue } from '../queue/queue.ts';
import type { Diagnostic } from '../runtime/diagnostics.ts';
import { createIds } from '../runtime/ids.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createScriptedTransport } from '../testing/scripted-transport.ts';
import type { Stats, Tracker } from '../tracker.ts';
import type { Plugin } from './plugin.ts';

/** A tracker with these plugins, in a world where all else goes well. */
function track(...plugins: readonly Plugin[]) {
  const told: Diagnostic[] = [];
  return { told, ...trackWith({ plugins, onDiagnostic: (diagnostic) => told.push(diagnostic) }) };
}

function trackWith(parts: Partial<TrackerParts>) {
  const clock = createFakeClock();
  const { now } = clock;
  const transport = createScriptedTransport();
  const tracker = createTracker({
    queue: createQueue({ outbox: createMemoryOutbox(), transport, clock }),
    clock,
    ids: createIds({ now }),
    consent: createConsent({ gpc: false, now, initial: { analytics: true } }),
    library: { name: 'test', version: '0' },
    ...parts,
  });
  /** What becomes of one event. */
  const process = async (event = 'e'): Promise<readonly TrackEvent[]> => {
    tracker.track(event, {}, { userId: 'u1' });
    await tracker.flush();
    return transport.sent.flatMap(({ entries }) => entries.map(({ value }) => JSON.parse(value) as TrackEvent));
  };
  const tearDown = (): Promise<Stats> => tracker.shutdown();
  return { tracker, process, tearDown };
}

/** Keeps what it sees, changes nothing. */
const watching = (seen: TrackEvent[]): Plugin => ({
  name: 'watching',
  process(event) {
    seen.push(event);
    return event;
  },
});

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
  test('without plugins an event is as it was', async () => {
    const { process, tearDown } = track();
    expect(await process()).toMatchObject([{ type: 'track', event: 'e', userId: 'u1' }]);
    expect(await tearDown()).toMatchObject({ delivered: 1 });
  });

  test('each sees what the one before made of it', async () => {
    expect(await track(naming('a'), naming('b')).process()).toMatchObject([{ event: 'e a b' }]);
  });

  test('null drops it, and nobody after sees it', async () => {
    const seen: TrackEvent[] = [];
    const { process, tearDown } = track({ name: 'no', process: () => null }, watching(seen));
    expect(await process()).toEqual([]);
    expect(seen).toEqual([]);
    expect(await tearDown()).toMatchObject({ dropped: { no: 1 } });
  });

  test.each<{ why: string; plugin: Plugin }>([
    { why: 'only sets up', plugin: { name: 'setup only' } },
    { why: 'forgot to return', plugin: { name: 'forgot to return', process: (() => {}) as never } },
  ])('one that only listens changes nothing: it $why', async ({ plugin }) => {
    const before: TrackEvent[] = [];
    const after: TrackEvent[] = [];
    expect(await track(watching(before), plugin, watching(after)).process()).toEqual(before);
    expect(after[0]).toBe(before[0]);
  });

  test('one that throws is passed over, and named', async () => {
    const { process, told } = track(naming('a'), { name: 'bad', process: fail() }, naming('c'));
    expect(await process()).toMatchObject([{ event: 'e a c' }]);
    expect(told).toEqual([{ code: 'plugin-failed', detail: expect.stringContaining('bad: TypeError') }]);
  });

  test('one that is an object of a class keeps its `this`', async () => {
    class Counting implements Plugin {
      readonly name = 'counting';
      count = 0;
      setup() {
        return () => this.count++;
      }
      process(event: TrackEvent) {
        this.count++;
        return event;
      }
    }
    const plugin = new Counting();
    const { process, tearDown, told } = track(plugin);
    await process();
    await tearDown();
    expect([plugin.count, told]).toEqual([2, []]);
  });
});

describe('set-up and tear-down', () => {
  test('each gets the tracker, in order; the last to come is the first to go', async () => {
    const heard: unknown[] = [];
    const got: Tracker[] = [];
    const listening = (name: string): Plugin => ({
      name,
      setup(tracker) {
        heard.push(`${name} starts`);
        got.push(tracker);
        return () => heard.push(`${name} stops`);
      },
    });
    const { tracker, tearDown } = track(listening('a'), { name: 'no set-up' }, listening('b'));
    expect(heard).toEqual(['a starts', 'b starts']);
    expect(got.every((one) => one === tracker)).toBe(true);
    await tearDown();
    expect(heard.slice(2)).toEqual(['b stops', 'a stops']);
  });

  test('nothing is stopped twice', async () => {
    let stops = 0;
    const { tearDown } = track({ name: 'a', setup: () => () => stops++ });
    await tearDown();
    await tearDown();
    expect(stops).toBe(1);
  });

  test('one that throws at set-up costs the others nothing', async () => {
    const heard: string[] = [];
    const { tearDown, told } = track(
      { name: 'bad', setup: fail() },
      {
        name: 'good',
        setup() {
          heard.push('starts');
          return () => heard.push('stops');
        },
      },
    );
    await tearDown();
    expect(heard).toEqual(['starts', 'stops']);
    expect(told).toEqual([{ code: 'plugin-failed', detail: expect.stringContaining('bad: TypeError') }]);
  });

  test('one that throws at tear-down costs the others nothing', async () => {
    const heard: string[] = [];
    const { tearDown, told } = track(
      { name: 'first', setup: () => () => heard.push('first stops') },
      { name: 'bad', setup: () => fail() },
      { name: 'last', setup: () => () => heard.push('last stops') },
    );
    await tearDown();
    expect(heard).toEqual(['last stops', 'first stops']);
    expect(told).toEqual([{ code: 'plugin-failed', detail: expect.stringContaining('bad: TypeError') }]);
  });

  test('one that returns nothing has nothing to undo', async () => {
    const { tearDown, told } = track({ name: 'a', setup: (() => {}) as never });
    await tearDown();
    expect(told).toEqual([]);
  });
});

test.each([
  { what: 'undefined', error: undefined, tells: 3 },
  { what: 'an object without a name', error: Object.create(null), tells: 0 },
  { what: 'a symbol', error: Symbol('broken'), tells: 0 },
  { what: 'an error that cannot be read', error: { toString: fail() }, tells: 0 },
])('whatever is thrown stays inside, told if it can be read: $what', async ({ error, tells }) => {
  const { process, tearDown, told } = track(
    { name: 'a', setup: fail(error), process: fail(error) },
    { name: 'b', setup: () => fail(error) },
  );
  expect(await process()).toMatchObject([{ event: 'e' }]);
  expect(await tearDown()).toMatchObject({ delivered: 1 });
  expect(told.map(({ code }) => code)).toEqual(Array(tells).fill('plugin-failed'));
});

test('nobody needs to listen to diagnostics', async () => {
  const { process } = trackWith({ plugins: [{ name: 'bad', process: fail() }] });
  expect(await process()).toMatchObject([{ event: 'e' }]);
});
