import { expect, test } from 'vitest';
import type { Session } from './device.ts';
import { defaultSessionLimits, isSessionAlive } from './session.ts';

const minute = 60_000;
const hour = 60 * minute;
const start = Date.UTC(2026, 0, 1);

test.each([
  { why: 'a visit goes on', seenAfter: 0, nowAfter: minute, expected: true },
  { why: 'up to half an hour without an event', seenAfter: 0, nowAfter: 30 * minute - 1, expected: true },
  { why: 'and no longer', seenAfter: 0, nowAfter: 30 * minute, expected: false },
  { why: 'each event keeps it alive', seenAfter: 29 * minute, nowAfter: 58 * minute, expected: true },
  { why: 'up to a day', seenAfter: 24 * hour - minute, nowAfter: 24 * hour - 1, expected: true },
  { why: 'and no longer, however busy', seenAfter: 24 * hour - 1, nowAfter: 24 * hour, expected: false },
  { why: 'a clock set back does not end it', seenAfter: 10 * minute, nowAfter: -2 * hour, expected: true },
])('$why', ({ seenAfter, nowAfter, expected }) => {
  const session: Session = { id: 'session-1', startedAt: start, lastSeenAt: start + seenAfter };
  expect(isSessionAlive(session, start + nowAfter, defaultSessionLimits)).toBe(expected);
});

test('no visit is not alive', () => {
  expect(isSessionAlive(undefined, start, defaultSessionLimits)).toBe(false);
});

test.each([
  { why: 'idle', limits: { idleMs: 1_000, maxMs: hour }, aliveMs: 1_000 },
  { why: 'the cap', limits: { idleMs: hour, maxMs: 2_000 }, aliveMs: 2_000 },
])('the host may say when a visit ends: $why', ({ limits, aliveMs }) => {
  const session: Session = { id: 'session-1', startedAt: start, lastSeenAt: start };
  expect(isSessionAlive(session, start + aliveMs - 1, limits)).toBe(true);
  expect(isSessionAlive(session, start + aliveMs, limits)).toBe(false);
});
