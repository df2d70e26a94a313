import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { browserClock } from './browser-clock.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test.each([
  { why: 'a deadline of whoever waits as long as it takes', delayMs: Infinity },
  { why: 'longer than timers can wait', delayMs: 3_000_000_000 },
])('what is far away does not run at once: $why', ({ delayMs }) => {
  const task = vi.fn();
  // Browsers run at once what is further away than their timers know.
  const set = vi.spyOn(globalThis, 'setTimeout');
  const cancel = browserClock.after(delayMs, task);
  expect(set.mock.calls[0]?.[1]).toBeLessThan(2 ** 31);
  vi.advanceTimersByTime(86_400_000);
  expect(task).not.toHaveBeenCalled();
  cancel();
  expect(vi.getTimerCount()).toBe(0);
});

test('a task runs once, after its wait', () => {
  const task = vi.fn();
  browserClock.after(10, task);
  vi.advanceTimersByTime(9);
  expect(task).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  expect(task).toHaveBeenCalledOnce();
});
