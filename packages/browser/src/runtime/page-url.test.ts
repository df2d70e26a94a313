import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { watchUrl } from './page-url.ts';

const { pushState, replaceState } = history;
let changes: string[];
let stop: () => void;
function watch(): void {
  const controller = new AbortController();
  stop = () => controller.abort();
  watchUrl(() => changes.push(location.pathname), controller.signal);
}

beforeEach(() => {
  changes = [];
});

afterEach(() => {
  stop();
  history.pushState = pushState;
  history.replaceState = replaceState;
  vi.unstubAllGlobals();
});

describe('without the Navigation API', () => {
  beforeEach(() => {
    watch();
  });

  test('it hears of pushes, replacements and the way back, after they happened', () => {
    history.pushState(null, '', '/a');
    history.replaceState({ kept: true }, '', '/b');
    dispatchEvent(new Event('popstate'));
    expect(changes).toEqual(['/a', '/b', '/b']);
    expect(history.state).toEqual({ kept: true });
  });

  test('a navigation the browser refuses throws to the page as ever', () => {
    expect(() => history.pushState(null, '', 'https://example.com/')).toThrow();
    expect(changes).toEqual([]);
  });

  test('once stopped it hears nothing more, and the page navigates as ever', () => {
    stop();
    history.pushState(null, '', '/a');
    expect(location.pathname).toBe('/a');
    dispatchEvent(new Event('popstate'));
    expect(changes).toEqual([]);
  });

  test('what somebody wrapped around ours stays, and ours goes quiet', () => {
    const ours = history.pushState;
    const theirs: typeof ours = (...change) => ours.apply(history, change);
    history.pushState = theirs;
    stop();
    expect(history.pushState).toBe(theirs);
    history.pushState(null, '', '/a');
    expect(location.pathname).toBe('/a');
    expect(changes).toEqual([]);
  });
});

test('with the Navigation API it touches none of the host’s functions', () => {
  const navigation = new EventTarget();
  vi.stubGlobal('navigation', navigation);
  watch();
  expect(history.pushState).toBe(pushState);
  navigation.dispatchEvent(new Event('currententrychange'));
  expect(changes).toHaveLength(1);
  stop();
  navigation.dispatchEvent(new Event('currententrychange'));
  expect(changes).toHaveLength(1);
});
