import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchPage } from './page-lifecycle.ts';

let heard: string[];
let stop: () => void;

beforeEach(() => {
  heard = [];
  const controller = new AbortController();
  stop = () => controller.abort();
  watchPage(
    () => heard.push('exit'),
    ({ persisted }) => heard.push(persisted ? 'restored' : 'return'),
    controller.signal,
  );
});

afterEach(() => {
  stop();
  vi.restoreAllMocks();
});

function setHidden(hidden: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
}

const pageShow = (persisted: boolean): Event => Object.assign(new Event('pageshow'), { persisted });

const rows = [
  { why: 'hidden may be the last thing a page hears', act: () => setHidden(true), expected: ['exit'] },
  { why: 'visible again', act: () => setHidden(false), expected: ['return'] },
  { why: 'left', act: () => dispatchEvent(new Event('pagehide')), expected: ['exit'] },
  { why: 'frozen', act: () => document.dispatchEvent(new Event('freeze')), expected: ['exit'] },
  { why: 'online again', act: () => dispatchEvent(new Event('online')), expected: ['return'] },
  { why: 'back from the back/forward cache', act: () => dispatchEvent(pageShow(true)), expected: ['restored'] },
  {
    why: 'a page shown for the first time returns from nowhere',
    act: () => dispatchEvent(pageShow(false)),
    expected: [],
  },
];

test.each(rows)('$why', ({ act, expected }) => {
  act();
  expect(heard).toEqual(expected);
});

test('once stopped it hears nothing', () => {
  stop();
  for (const { act } of rows) act();
  expect(heard).toEqual([]);
});

test('it never listens to what keeps pages out of the back/forward cache, and never holds up an event', () => {
  const onWindow = vi.spyOn(window, 'addEventListener');
  const onDocument = vi.spyOn(document, 'addEventListener');
  const ignore = (): void => {};
  watchPage(ignore, ignore, AbortSignal.abort());
  const calls = [...onWindow.mock.calls, ...onDocument.mock.calls];
  expect(calls.map(([type]) => type).sort()).toEqual(['freeze', 'online', 'pagehide', 'pageshow', 'visibilitychange']);
  expect(calls.every(([, , options]) => typeof options === 'object' && options?.passive)).toBe(true);
});
