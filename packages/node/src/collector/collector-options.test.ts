import { expect, test } from 'vitest';
import { memoryLog } from '../log/memory-log.ts';
import { checkCollectorOptions } from './collector-options.ts';

const log = memoryLog();

test.each([
  { options: undefined, expected: 'createCollector: expected an object, got undefined' },
  { options: {}, expected: 'createCollector: log: expected a log, such as sqliteLog(path), got undefined' },
  { options: { log, cors: true }, expected: 'unknown option "cors"; known are log, plan' },
  { options: { log, plan: 'x' }, expected: 'plan: expected a plan made by definePlan, got "x"' },
  {
    options: { log, keys: { secret: { source: 'app' } } },
    expected: 'keys[0]: source: expected "browser" or "server", got "app"',
  },
  {
    options: { log, keys: { secret: {} } },
    expected: 'keys[0]: source: expected "browser" or "server", got undefined',
  },
  {
    options: { log, keys: { '': { source: 'server' } } },
    expected: 'keys[0]: expected a write key, got "": is the environment variable that holds it set?',
  },
  {
    options: { log, keys: { [String(undefined)]: { source: 'server' } } },
    expected: 'keys[0]: expected a write key, got "undefined": is the environment variable that holds it set?',
  },
  {
    options: { log, keys: 'secret' },
    expected: 'keys: expected an object of write keys, each with what it may do, got a text',
  },
  {
    options: { log, keys: { k: { source: 'server', previous: 'secret' } } },
    expected: 'keys[0]: previous: expected a list of older keys, none of them empty, got a text',
  },
  {
    options: { log, keys: { k: { source: 'server', previous: [''] } } },
    expected: 'keys[0]: previous: expected a list of older keys, none of them empty, got a list',
  },
  {
    options: { log, keys: { k: { source: 'server' }, secret: { source: 'browser', previous: ['k'] } } },
    expected: 'keys[1]: expected keys of its own, got one that keys[0] has too',
  },
  {
    options: { log, keys: { k: { source: 'server', allowedOrigins: ['https://shop.example'] } } },
    expected: 'keys[0]: allowedOrigins: a server key is never taken from a browser',
  },
  {
    options: { log, keys: { k: { source: 'browser', allowedOrigins: ['shop.example'] } } },
    expected: 'keys[0]: allowedOrigins: expected origins such as "https://shop.example", got "shop.example"',
  },
  {
    options: { log, keys: { k: { source: 'browser', eventsPerSecond: 0 } } },
    expected: 'keys[0]: eventsPerSecond: expected a number above 0, got 0',
  },
  { options: { log, consent: { ads: true } }, expected: 'consent: expected answers by category' },
  { options: { log, allowedOrigins: ['*'] }, expected: 'browsers take no "*"' },
  { options: { log, allowedOrigins: ['https://shop.example/'] }, expected: 'allowedOrigins: expected origins such as' },
  {
    options: { log, allowedOrigins: ['chrome-extension://abc/'] },
    expected: 'allowedOrigins: expected origins such as',
  },
  { options: { log, allowedOrigins: ['capacitor://a b'] }, expected: 'allowedOrigins: expected origins such as' },
  { options: { log, allowedOrigins: ['file://'] }, expected: 'allowedOrigins: expected origins such as' },
  { options: { log, allowedOrigins: ['null'] }, expected: 'allowedOrigins: expected origins such as' },
  {
    options: { log, enrichments: [() => {}] },
    expected: 'enrichments: expected a list of enrichments, such as userAgents()',
  },
  { options: { log, transformations: [null] }, expected: 'transformations: expected a list of functions, got a list' },
  { options: { log, unplanned: 'drop' }, expected: 'unplanned: expected "store" or "quarantine", got "drop"' },
  { options: { log, trustedProxies: -1 }, expected: 'trustedProxies: expected a whole number, 0 or more, got -1' },
  { options: { log, limits: { maxBodyBytes: 0 } }, expected: 'limits: maxBodyBytes: expected a number above 0, got 0' },
  { options: { log, limits: { maxBytes: 1 } }, expected: 'limits: unknown option "maxBytes"' },
])('$expected', ({ options, expected }) => {
  expect(() => checkCollectorOptions(options)).toThrow(expected);
  expect(() => checkCollectorOptions(options)).not.toThrow('secret');
});

test('accepts what is right', () => {
  const keys = { k: { source: 'server', name: 'shop', consent: { analytics: true } } };
  expect(() =>
    checkCollectorOptions({
      ...{ log, keys, limits: {} },
      allowedOrigins: ['https://shop.example', 'chrome-extension://bcdefghijklmnop', 'capacitor://localhost'],
    }),
  ).not.toThrow();
});
