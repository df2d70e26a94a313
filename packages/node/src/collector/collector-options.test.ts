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
  { options: { log, keys: { '': { source: 'server' } } }, expected: 'keys: expected write keys that are not empty' },
  { options: { log, consent: { ads: true } }, expected: 'consent: expected answers by category' },
  { options: { log, allowedOrigins: ['*'] }, expected: 'browsers take no "*"' },
  { options: { log, allowedOrigins: ['https://shop.example/'] }, expected: 'allowedOrigins: expected origins such as' },
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
    checkCollectorOptions({ log, keys, allowedOrigins: ['https://shop.example'], limits: {} }),
  ).not.toThrow();
});
