import { describe, expect, test } from 'vitest';
import { memoryLog } from '../log/memory-log.ts';
import { checkConfig } from './check-config.ts';

const least = { endpoint: '/api/j', log: '.track/log.db' };
const aDestination = { name: 'a', requires: [], idempotency: 'native', deliver: async () => ({ kind: 'delivered' }) };

const check = (config: unknown) => () => checkConfig('track.config.ts', config);

test.each([
  { why: 'the least', config: least },
  {
    why: 'everything of the server',
    config: {
      ...least,
      server: { host: '::', port: 0, leaveDelayMs: 0, stopDeadlineMs: 1 },
      admin: { host: 'localhost', port: 65_535 },
      logLevel: 'silent',
      testMode: true,
    },
  },
  { why: 'an endpoint as URLs write it', config: { ...least, endpoint: '/ma%C3%9F/j.k' } },
  { why: 'a log with limits', config: { ...least, log: { path: 'l.db', maxBytes: 1, retentionMs: 1, dedupeIds: 1 } } },
  {
    why: "the collector's own options",
    config: {
      ...least,
      destinations: [aDestination],
      trustedProxies: 1,
      unplanned: 'quarantine',
      keys: { secret: { source: 'server' } },
      limits: { maxEvents: 1 },
    },
  },
])('takes $why', ({ config }) => {
  expect(check(config)).not.toThrow();
});

describe('says of what it does not take where it is, what was expected, and what came', () => {
  test.each([
    { why: 'nothing', config: undefined, says: 'expected an object, got undefined' },
    { why: 'a log that is open', config: { ...least, log: memoryLog() }, says: 'log: unknown option "suppression"' },
    {
      why: 'an option the server sets itself',
      config: { ...least, onDiagnostic() {} },
      says: 'unknown option "onDiagnostic"',
    },
    { why: 'an endpoint that is ours', config: { ...least, endpoint: '/health' }, says: 'endpoint: expected' },
    { why: 'an endpoint with a query', config: { ...least, endpoint: '/a?b' }, says: 'got "/a?b"' },
    {
      why: 'an endpoint that URLs write otherwise',
      config: { ...least, endpoint: '/maß' },
      says: 'endpoint: expected',
    },
    { why: 'an endpoint with a way back', config: { ...least, endpoint: '/a/../b' }, says: 'endpoint: expected' },
    { why: 'an endpoint that is no address', config: { ...least, endpoint: '/\\\\[' }, says: 'endpoint: expected' },
    { why: 'the root, which is everything', config: { ...least, endpoint: '/' }, says: 'endpoint: expected' },
    {
      why: 'a port that is none',
      config: { ...least, admin: { port: 70_000 } },
      says: 'admin: port: expected a port, 0 to 65535, got 70000',
    },
    {
      why: 'a level that is none',
      config: { ...least, logLevel: 'loud' },
      says: 'logLevel: expected "debug", "info", "warn", "error", "silent", got "loud"',
    },
    {
      why: 'a destination that is none',
      config: { ...least, destinations: [aDestination, 'duckdb'] },
      says: 'destinations[1]: expected a destination such as duckdb(path), got "duckdb"',
    },
    {
      why: 'a key with a word too many',
      config: { ...least, keys: { k: { source: 'server', nam: 'x' } } },
      says: 'keys[0]: unknown option "nam"; did you mean "name"?',
    },
    {
      why: 'a limit that is none',
      config: { ...least, limits: { maxEvent: 1 } },
      says: 'limits: unknown option "maxEvent"; did you mean "maxEvents"?',
    },
  ])('$why', ({ config, says }) => {
    const saysWhere = says.startsWith('endpoint') || says.startsWith('got') ? says : `track.config.ts: ${says}`;
    expect(check(config)).toThrow(saysWhere);
  });
});

test('keys stay secret', () => {
  expect(check({ ...least, keys: 'secret-of-shop' })).not.toThrow('secret-of-shop');
  expect(check({ ...least, keys: { 'secret-of-shop': { source: 'sever' } } })).not.toThrow('secret-of-shop');
  expect(check({ ...least, admin: { secretKey: 'too-short' } })).toThrow('16 characters or more, got a text');
});
