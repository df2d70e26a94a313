import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createNodeClock } from './node-clock.ts';

describe('timers', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([
    { why: 'short', delayMs: 10 },
    { why: "longer than Node's timers can wait", delayMs: 3_000_000_000 },
  ])('a task runs once, after its wait: $why', ({ delayMs }) => {
    let runs = 0;
    createNodeClock().after(delayMs, () => runs++);
    vi.advanceTimersByTime(delayMs - 1);
    expect(runs).toBe(0);
    vi.advanceTimersByTime(delayMs);
    expect(runs).toBe(1);
  });

  test.each([{ afterMs: 0 }, { afterMs: 2_500_000_000 }])(
    'a cancelled task never runs: after $afterMs ms',
    ({ afterMs }) => {
      let runs = 0;
      const cancel = createNodeClock().after(3_000_000_000, () => runs++);
      vi.advanceTimersByTime(afterMs);
      cancel();
      vi.advanceTimersByTime(9_000_000_000);
      expect(runs).toBe(0);
    },
  );
});

test('elapsed never goes back; now is the wall clock', () => {
  const clock = createNodeClock();
  const [before, start] = [Date.now(), clock.elapsed()];
  expect(clock.now()).toBeGreaterThanOrEqual(before);
  expect(clock.elapsed()).toBeGreaterThanOrEqual(start);
});

test('a timer does not keep a process alive', async () => {
  const module = fileURLToPath(new URL('node-clock.ts', import.meta.url));
  const script = `import { createNodeClock } from ${JSON.stringify(module)};
    createNodeClock().after(600_000, () => {}); process.on('exit', () => console.log('ended'));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  expect(stdout).toBe('ended\n');
});
