import { createIds, type Plugin, type TrackEvent } from '@org/track-core';
import { anEvent } from '@org/track-core/testing';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { sampling } from './sampling.ts';

const isKept = (plugin: Plugin, event: TrackEvent): boolean => plugin.process?.(event) !== null;
const ofSession = (id: string): TrackEvent => anEvent({ context: { session: { id } } });

/** Ids as browsers make them, a visit every so often. */
function sessionIds(howMany: number, everyMs: number): readonly string[] {
  let now = Date.UTC(2026, 0, 1);
  const ids = createIds({
    now() {
      now += everyMs;
      return now;
    },
  });
  return Array.from({ length: howMany }, () => ids.time());
}

describe('which events', () => {
  const identity = { messageId: 'm', timestamp: '2026-01-01T00:00:00.000Z', anonymousId: 'a1' };
  const necessary = { consent: { categoryPreferences: { analytics: false, necessary: true } } };
  test.each<{ why: string; event: TrackEvent; expected: boolean }>([
    { why: 'a call', event: anEvent(), expected: false },
    { why: 'a page', event: { ...identity, type: 'page' }, expected: false },
    { why: 'a screen', event: { ...identity, type: 'screen', name: 'Home' }, expected: false },
    { why: 'who somebody is', event: { ...identity, type: 'identify', userId: 'u1' }, expected: true },
    { why: 'where somebody belongs', event: { ...identity, type: 'group', groupId: 'g1' }, expected: true },
    {
      why: 'two ids of one person',
      event: { ...identity, type: 'alias', userId: 'u1', previousId: 'a1' },
      expected: true,
    },
    { why: 'a necessary call', event: anEvent({ context: necessary }), expected: true },
    { why: 'what is asked for', event: anEvent({ event: 'Order Completed' }), expected: true },
  ])('$why: kept of no visit? $expected', ({ event, expected }) => {
    const plugin = sampling({ share: 0, keep: (event) => 'event' in event && event.event === 'Order Completed' });
    expect(isKept(plugin, event)).toBe(expected);
    // What stands for nothing but itself is to be counted as one.
    if (expected) expect(plugin.process?.(event)).toBe(event);
  });

  test('the share travels with those it is about, so that counts can be scaled', () => {
    const event = anEvent({ context: { locale: 'et', session: { id: 's1' } } });
    expect(sampling({ share: 1 }).process?.(event)).toEqual({
      ...event,
      context: { ...event.context, sampling: { share: 1 } },
    });
    expect(event.context).not.toHaveProperty('sampling');
  });
});

describe('which visits', () => {
  test.each([
    {
      by: 'session',
      one: { context: { session: { id: 's' } }, anonymousId: 'a' },
      other: { context: { session: { id: 's' } }, anonymousId: 'b' },
    },
    { by: 'anonymous id', one: { anonymousId: 'a', userId: 'u' }, other: { anonymousId: 'a', userId: 'v' } },
    {
      by: 'user',
      one: { anonymousId: undefined, userId: 'u' },
      other: { anonymousId: undefined, userId: 'u', event: 'x' },
    },
  ])('are told apart by $by', ({ one, other }) => {
    for (let share = 0; share <= 1; share += 0.02) {
      const fates = [one, other].map((event) =>
        isKept(sampling({ share }), anEvent(event as Partial<ReturnType<typeof anEvent>>)),
      );
      expect(fates[0]).toBe(fates[1]);
    }
  });

  test('one decides alike everywhere, and a raised share keeps what the lower one kept', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.string(), share, share, (id, one, other) => {
        const [lower, higher] = [Math.min(one, other), Math.max(one, other)];
        expect(isKept(sampling({ share: lower }), ofSession(id))).toBe(
          isKept(sampling({ share: lower }), ofSession(id)),
        );
        if (isKept(sampling({ share: lower }), ofSession(id)))
          expect(isKept(sampling({ share: higher }), ofSession(id))).toBe(true);
      }),
    );
  });

  test.each([
    { why: 'thousands in one millisecond', everyMs: 0 },
    { why: 'one every three seconds', everyMs: 3_000 },
    { why: 'one every hour', everyMs: 3_600_000 },
  ])('are as many as the share says: $why', ({ everyMs }) => {
    const ids = sessionIds(10_000, everyMs);
    for (const share of [0, 0.01, 0.1, 0.5, 0.9, 1]) {
      const plugin = sampling({ share });
      const kept = ids.filter((id) => isKept(plugin, ofSession(id))).length;
      // Five standard deviations: by chance once in a million runs.
      expect(Math.abs(kept - share * ids.length)).toBeLessThanOrEqual(5 * Math.sqrt(ids.length * share * (1 - share)));
    }
  });

  test('ids that differ in their last character only are no neighbours', () => {
    const plugin = sampling({ share: 0.5 });
    const kept = Array.from({ length: 2_000 }, (_, index) => isKept(plugin, ofSession(`visit-${index}`)));
    const changes = kept.filter((one, index) => index > 0 && one !== kept[index - 1]).length;
    expect(changes).toBeGreaterThan(800);
    expect(changes).toBeLessThan(1_200);
  });
});

test.each([
  { share: 50, message: 'sampling: share is 50, expected a number from 0 to 1' },
  { share: -0.1, message: 'sampling: share is -0.1, expected a number from 0 to 1' },
  { share: Number.NaN, message: 'sampling: share is NaN, expected a number from 0 to 1' },
  { share: '0.5', message: 'sampling: share is "0.5", expected a number from 0 to 1' },
  { share: undefined, message: 'sampling: share is undefined, expected a number from 0 to 1' },
])('a share of $share is refused', ({ share, message }) => {
  expect(() => sampling({ share: share as number })).toThrow(new TypeError(message));
});

test('visitors get a tracker that keeps everything, whatever the share should have been', async () => {
  vi.doMock('../runtime/is-development.ts', () => ({ isDevelopment: false }));
  vi.resetModules();
  const { sampling: sample } = await import('./sampling.ts');
  for (const share of [undefined, Number.NaN, 50])
    expect(isKept(sample({ share: share as number }), anEvent())).toBe(true);
  vi.doUnmock('../runtime/is-development.ts');
});
