import type { Plugin, TrackEvent } from '@org/track-core';
import { anEvent } from '@org/track-core/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type RateLimitOptions, rateLimit } from './rate-limit.ts';

let elapsed: number;

beforeEach(() => {
  elapsed = 90_000;
  vi.spyOn(performance, 'now').mockImplementation(() => elapsed);
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** What passes of so many at once. */
function loop(plugin: Plugin, times: number): readonly TrackEvent[] {
  const passed = Array.from({ length: times }, () => plugin.process?.(anEvent()));
  return passed.filter((event) => !!event);
}

test('a burst passes whole and unchanged, then as many as the rate gives', () => {
  const plugin = rateLimit();
  const event = anEvent();
  expect(plugin.process?.(event)).toBe(event);
  expect(loop(plugin, 1_000)).toHaveLength(299);
  elapsed += 1_000;
  expect(loop(plugin, 1_000)).toHaveLength(10);
  elapsed += 99;
  expect(loop(plugin, 1_000)).toHaveLength(0);
  elapsed += 1;
  expect(loop(plugin, 1_000)).toHaveLength(1);
});

test('the next event that passes tells the warehouse how many did not, and those after it are silent', () => {
  const plugin = rateLimit({ perSecond: 2, burst: 3 });
  loop(plugin, 10);
  elapsed += 1_000;
  const event = anEvent({ context: { locale: 'et' } });
  expect(plugin.process?.(event)).toEqual({ ...event, context: { locale: 'et', rateLimit: { dropped: 7 } } });
  expect(event.context).not.toHaveProperty('rateLimit');
  expect(plugin.process?.(event)).toBe(event);
});

test('a page that sleeps for a night has one burst when it wakes, no more', () => {
  const plugin = rateLimit({ perSecond: 10, burst: 20 });
  loop(plugin, 100);
  elapsed += 8 * 3_600_000;
  expect(loop(plugin, 100)).toHaveLength(20);
});

test('a clock that is set right by years, back and forth, changes nothing', () => {
  const wall = vi.spyOn(Date, 'now');
  const plugin = rateLimit({ perSecond: 10, burst: 20 });
  loop(plugin, 100);
  wall.mockReturnValue(Date.UTC(2040, 0, 1));
  expect(loop(plugin, 100)).toHaveLength(0);
  wall.mockReturnValue(0);
  elapsed += 1_000;
  expect(loop(plugin, 100)).toHaveLength(10);
});

test('a host that turns the page’s own time back loses nothing by it', () => {
  const plugin = rateLimit({ perSecond: 10, burst: 20 });
  loop(plugin, 100);
  elapsed = 0;
  expect(loop(plugin, 100)).toHaveLength(0);
  elapsed += 1_000;
  expect(loop(plugin, 100)).toHaveLength(10);
});

test('over any time at most a burst and what the rate gives passes, and every drop is told once', () => {
  const step = fc.record({ waitMs: fc.integer({ min: 0, max: 5_000 }), times: fc.integer({ min: 0, max: 50 }) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const plugin = rateLimit({ perSecond: 5, burst: 20 });
      let passed = 0;
      let told = 0;
      let made = 0;
      let waitedMs = 0;
      for (const { waitMs, times } of steps) {
        elapsed += waitMs;
        waitedMs += waitMs;
        made += times;
        for (const event of loop(plugin, times)) {
          passed++;
          told += (event.context?.rateLimit as { dropped: number } | undefined)?.dropped ?? 0;
        }
        expect(passed).toBeLessThanOrEqual(20 + (waitedMs * 5) / 1_000);
      }
      elapsed += 1_000;
      const [last] = loop(plugin, 1);
      told += (last?.context?.rateLimit as { dropped: number } | undefined)?.dropped ?? 0;
      expect(told).toBe(made - passed);
    }),
  );
});

test.each<{ why: string; options: object; message: string }>([
  {
    why: 'no rate',
    options: { perSecond: Number.NaN },
    message: 'rateLimit: perSecond is NaN, expected a number of at least 0',
  },
  {
    why: 'a rate below none',
    options: { perSecond: -1 },
    message: 'rateLimit: perSecond is -1, expected a number of at least 0',
  },
  { why: 'text', options: { burst: '9' }, message: 'rateLimit: burst is "9", expected a number of at least 1' },
  {
    why: 'a burst that lets nothing pass',
    options: { burst: 0 },
    message: 'rateLimit: burst is 0, expected a number of at least 1',
  },
])('refused: $why', ({ options, message }) => {
  expect(() => rateLimit(options)).toThrow(new TypeError(message));
});

test('visitors get no limit where the options are no numbers', async () => {
  vi.doMock('../runtime/is-development.ts', () => ({ isDevelopment: false }));
  vi.resetModules();
  const { rateLimit: limit } = await import('./rate-limit.ts');
  for (const options of [{ perSecond: Number.NaN }, { burst: Number.NaN }] as RateLimitOptions[]) {
    const plugin = limit(options);
    loop(plugin, 1_000);
    elapsed += 1_000;
    expect(loop(plugin, 1_000)).toHaveLength(1_000);
  }
  vi.doUnmock('../runtime/is-development.ts');
});
