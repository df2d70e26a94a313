import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sayTable, withProgress } from './output.ts';

const isTTY = process.stderr.isTTY;
let written: string;

beforeEach(() => {
  vi.useFakeTimers();
  written = '';
  process.stderr.isTTY = true;
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += text;
    return true;
  });
});
afterEach(() => {
  process.stderr.isTTY = isTTY;
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** What a bar takes from a terminal, and gives back: the cursor, and the wrapping of lines. */
const taken = ['\u001b[?25l', '\u001b[?7l'];
const givenBack = ['\u001b[?25h', '\u001b[?7h'];
const has = (sequences: readonly string[]): boolean => sequences.every((each) => written.includes(each));

test.each([
  { why: 'done', work: async () => 'done', outcome: 'done' },
  { why: 'failed', work: () => Promise.reject(new Error('no')), outcome: 'no' },
])('a bar of work that is $why leaves the terminal as it was, and holds no process', async ({ work, outcome }) => {
  const worked = withProgress('Working', 10, async (advance) => {
    advance(5);
    expect(has(taken)).toBe(true);
    return work();
  });
  expect(await worked.catch((error: Error) => error.message)).toBe(outcome);
  expect(has(givenBack)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('a bar of work that is broken off leaves the terminal as it was, and the signal does what it does', async () => {
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  const before = process.listenerCount('SIGINT');
  await withProgress('Working', 10, async () => {
    process.emit('SIGINT', 'SIGINT');
    expect(has(givenBack)).toBe(true);
    expect(process.listenerCount('SIGINT')).toBe(before);
    expect(kill.mock.calls).toEqual([[process.pid, 'SIGINT']]);
  });
});

test('a table may have more rows than a function takes arguments', () => {
  let bytes = 0;
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    bytes += text.length;
    return true;
  });
  const rows = Array.from({ length: 200_000 }, (_, index) => [`${index}`, 'x']);
  sayTable(['id', 'what'], rows);
  expect(bytes).toBeGreaterThan(rows.length * '199999  x'.length);
});
