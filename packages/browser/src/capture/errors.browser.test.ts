// biome-ignore-all lint/suspicious/noDocumentCookie: as the tracker writes it
import { deviceCookieName, type JsonObject, type Tracker } from '@org/track-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTracker } from '../create-browser-tracker.ts';
import { errors } from './errors.ts';
import { forms } from './forms.ts';

let tracked: { event: string; properties: JsonObject }[];
let controller: AbortController;

const tracker = {
  track: (event: string, properties: JsonObject) => tracked.push({ event, properties }),
} as unknown as Tracker;

beforeEach(() => {
  tracked = [];
  // Vitest repeats there what somebody else hears of.
  vi.spyOn(console, 'error').mockImplementation(() => {});
  start();
});

afterEach(() => {
  controller.abort();
  vi.restoreAllMocks();
  document.body.innerHTML = '';
  // Files of these tests share it.
  document.cookie = `${deviceCookieName}=; Max-Age=-1; Path=/`;
});

/** Starts it, and keeps what is made here to go wrong from failing the run. */
function start(plugin = errors()): void {
  controller?.abort();
  controller = new AbortController();
  const { signal } = controller;
  const stop = plugin.setup?.(tracker);
  signal.addEventListener('abort', () => stop?.());
  const keep = (event: Event): void => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  for (const type of ['error', 'unhandledrejection']) addEventListener(type, keep, { capture: true, signal });
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Throws where nobody catches. */
async function throwing(thrown: unknown): Promise<void> {
  setTimeout(() => {
    throw thrown;
  });
  await sleep(5);
}

async function rejecting(reason: unknown): Promise<void> {
  void Promise.reject(reason);
  await sleep(5);
}

const messages = (): unknown[] => tracked.map(({ properties }) => properties.message);

test('an exception that nobody caught', async () => {
  await throwing(new RangeError('out of stock'));
  expect(tracked).toEqual([
    {
      event: 'Error Occurred',
      properties: {
        source: 'error',
        type: 'RangeError',
        message: 'out of stock',
        file: expect.stringMatching(/^http:.*\/errors\.browser\.test\.ts$/),
        line: expect.any(Number),
        column: expect.any(Number),
        fingerprint: expect.stringMatching(/^[\da-f]{8}$/),
      },
    },
  ]);
});

test('a promise that nobody caught tells the place from its stack', async () => {
  await rejecting(new TypeError('no network'));
  expect(tracked).toMatchObject([
    {
      properties: {
        source: 'unhandledrejection',
        type: 'TypeError',
        message: 'no network',
        file: expect.stringMatching(/\/errors\.browser\.test\.ts$/),
        line: expect.any(Number),
      },
    },
  ]);
});

const thrower = {
  get message(): string {
    throw new Error('broken');
  },
};

test.each([
  { why: 'a text', thrown: 'no way', type: 'Error', message: 'no way' },
  { why: 'a number', thrown: 404, type: 'Error', message: '404' },
  { why: 'nothing', thrown: undefined, type: 'Error', message: expect.stringContaining('undefined') },
  { why: 'a symbol', thrown: Symbol('s'), type: 'Error', message: 'Symbol(s)' },
  {
    why: 'an object says nothing of what is in it',
    thrown: { email: 'ada@example.com' },
    type: 'Error',
    message: '[object Object]',
  },
  { why: 'an object without a prototype', thrown: Object.create(null), type: 'Error', message: '' },
  { why: 'an error that cannot be read', thrown: thrower, type: 'Error', message: '' },
  { why: 'an error of the DOM', thrown: new DOMException('gone', 'AbortError'), type: 'AbortError', message: 'gone' },
  {
    why: 'an error that calls itself a sentence',
    thrown: Object.assign(new Error('m'), { name: 'Ada Sample <a>' }),
    type: 'Error',
    message: 'm',
  },
])('anything may be thrown, or be the reason of a rejection: $why', async ({ thrown, type, message }) => {
  await throwing(thrown);
  start();
  await rejecting(thrown);
  expect(tracked).toMatchObject([
    { properties: { source: 'error', type, message } },
    { properties: { source: 'unhandledrejection', type, message } },
  ]);
});

test.each([
  { why: 'an e-mail', message: 'no account for ada@example.com', expected: 'no account for [email]' },
  { why: 'a token', message: 'bad eyJhbGciOi.eyJzdWIiOi.c2ln', expected: 'bad [token]' },
  { why: 'a long number', message: 'no order 12345678901', expected: 'no order [number]' },
  {
    why: 'the query of a URL',
    message: 'GET https://a.example/b?user=ada&n=1 failed',
    expected: 'GET https://a.example/b failed',
  },
  { why: 'the query of a path', message: 'GET "/b?user=ada": 500', expected: 'GET "/b": 500' },
  { why: 'a fragment', message: 'at /cb#access_token=t', expected: 'at /cb' },
  { why: 'who logs in', message: 'https://ada:pw@a.example/ is refused', expected: 'https://a.example/ is refused' },
  {
    why: 'what Chromium quotes',
    message: 'Unexpected token \'A\', "Ada Sample, "… is not valid JSON',
    expected: 'Unexpected token \'A\', "…"… is not valid JSON',
  },
  {
    why: 'what Safari quotes',
    message: 'JSON Parse error: Unexpected identifier "Ada"',
    expected: 'JSON Parse error: Unexpected identifier "…"',
  },
  { why: 'a question stays', message: 'Why? Because.', expected: 'Why? Because.' },
  {
    why: 'what is too long',
    message: `${'x '.repeat(145)}from ada@example.com`,
    expected: `${'x '.repeat(145)}from [emai`,
  },
])('a message without $why', async ({ message, expected }) => {
  await throwing(new Error(message));
  expect(messages()).toEqual([expected]);
});

test('a real one from JSON says nothing of the data', async () => {
  await rejecting(await new Response('Ada Sample').json().catch((error) => error));
  expect(messages()).toEqual([expect.stringContaining('JSON')]);
  expect(String(messages())).not.toMatch(/Ada|Sample/);
});

test('the same error counts once, also with other numbers in it; another place is another error', async () => {
  for (let at = 0; at < 3; at++) await throwing(new Error(`item ${at} is missing`));
  expect(tracked).toHaveLength(1);
  await throwing(new TypeError('item 1 is missing'));
  await throwing(new Error('item 1 is gone'));
  await rejecting(new Error('item 1 is missing'));
  expect(new Set(tracked.map(({ properties }) => properties.fingerprint)).size).toBe(4);
});

test('one error has one fingerprint, whoever meets it', () => {
  const { file, line, column, type, message } = {
    file: 'https://a.example/a.js',
    line: 1,
    column: 2,
    type: 'TypeError',
    message: 'a',
  };
  const error = Object.assign(new TypeError(message), { stack: `f@${file}:${line}:${column}` });
  const event = new ErrorEvent('error', {
    error,
    message: `Uncaught ${type}: ${message}`,
    filename: file,
    lineno: line,
    colno: column,
  });
  dispatchEvent(event);
  expect(tracked[0]?.properties.fingerprint).toBe('8b5d8738');
});

test('of one page, at most ten, or as many as it says', async () => {
  for (let at = 0; at < 15; at++) await throwing(new Error(String.fromCharCode(97 + at)));
  expect(tracked).toHaveLength(10);
  tracked = [];
  start(errors({ maxErrors: 2 }));
  for (let at = 0; at < 5; at++) await throwing(new Error(String.fromCharCode(97 + at)));
  expect(tracked).toHaveLength(2);
});

const errorEvent = (init: ErrorEventInit): boolean => dispatchEvent(new ErrorEvent('error', init));

test.each([
  { why: 'another origin, of which nothing is told', act: () => errorEvent({ message: 'Script error.' }) },
  { why: 'the same in other words', act: () => errorEvent({ message: 'Script error' }) },
  {
    why: 'a layout that takes another round',
    act: () => errorEvent({ message: 'ResizeObserver loop completed with undelivered notifications.' }),
  },
  {
    why: 'an extension',
    act: () =>
      errorEvent({ message: 'x', filename: 'chrome-extension://abc/content.js', lineno: 1, error: new Error('x') }),
  },
  {
    why: 'an extension’s promise',
    act: () => rejecting({ message: 'x', stack: 'f@moz-extension://abc/content.js:1:2' }),
  },
  {
    why: 'a picture that does not load',
    async act() {
      document.body.innerHTML = '<img src="data:image/png,broken">';
      await expect.poll(() => document.querySelector('img')?.complete).toBe(true);
      await sleep(20);
    },
  },
])('is not recorded: $why', async ({ act }) => {
  await act();
  expect(tracked).toEqual([]);
});

test('the file of a script in the page is the page, without its query and without persons', () => {
  errorEvent({
    message: 'x',
    filename: 'https://shop.example.com/u/ada%40example.com?token=t#x',
    lineno: 3,
    colno: 4,
    error: new Error('x'),
  });
  expect(tracked).toMatchObject([{ properties: { file: 'https://shop.example.com/u/[email]', line: 3, column: 4 } }]);
});

test('our own never come so far: not those of a broken page, nor of what the host hears with', async () => {
  const own = createTracker({
    endpoint: '/api/j',
    capture: [forms(), errors()],
    plugins: [
      {
        name: 'bad',
        process: () => {
          throw new Error('bad plugin');
        },
      },
    ],
    onDiagnostic: () => {
      throw new Error('bad listener');
    },
  });
  document.body.innerHTML = '<form id="f"><input name="a"></form>';
  vi.spyOn(Element.prototype, 'getAttribute').mockImplementation(() => {
    throw new TypeError('broken page');
  });
  document.querySelector('input')?.dispatchEvent(new InputEvent('input', { bubbles: true }));
  own.track('');
  await sleep(20);
  expect(tracked).toEqual([]);
  expect(own.stats().accepted).toBe(1);
  await own.shutdown();
});

test('a wrong option is named while a page is written', () => {
  expect(() => errors({ maxErrors: Number.NaN })).toThrow('errors: maxErrors is NaN');
});

test('once stopped it hears nothing, and a second set-up counts once', async () => {
  const plugin = errors();
  const stops = [plugin.setup?.(tracker), plugin.setup?.(tracker)];
  controller.abort();
  start(plugin);
  await throwing(new Error('a'));
  expect(tracked).toHaveLength(1);
  for (const stop of stops) stop?.();
  start({ name: 'none', setup: () => () => {} });
  await throwing(new Error('b'));
  expect(tracked).toHaveLength(1);
});
