import { expect, test } from 'vitest';
import { isGone, outcomeOfError, refusalOf } from './clickhouse-answers.ts';
import { AnswerError } from './clickhouse-connection.ts';

const answered = (code: number | undefined, status = 500, retryAfter?: string): AnswerError =>
  new AnswerError(code, status, `Code: ${code}. DB::Exception: near 'ada@example.com'`, retryAfter);

test.each([
  { why: 'a wrong password', error: answered(516, 403), expected: { kind: 'config', reason: 'unauthorized' } },
  { why: 'the same, of old', error: answered(193, 401), expected: { kind: 'config', reason: 'unauthorized' } },
  { why: 'a user nobody knows, of old', error: answered(192), expected: { kind: 'config', reason: 'unauthorized' } },
  { why: 'no right on the table', error: answered(497), expected: { kind: 'config', reason: 'forbidden' } },
  { why: 'no right on the database, of old', error: answered(291), expected: { kind: 'config', reason: 'forbidden' } },
  { why: 'a user who may only read', error: answered(164), expected: { kind: 'config', reason: 'read-only' } },
  { why: 'no database', error: answered(81, 404), expected: { kind: 'config', reason: 'no-such-database' } },
  { why: 'no table', error: answered(60, 404), expected: { kind: 'config', reason: 'no-such-table' } },
  { why: 'no column', error: answered(16, 404), expected: { kind: 'config', reason: 'no-such-column' } },
  { why: 'a setting that is fixed', error: answered(452), expected: { kind: 'config', reason: 'setting-not-allowed' } },
  {
    why: 'too many parts',
    error: answered(252),
    expected: { kind: 'retry', reason: 'throttled', retryAfterMs: 5_000 },
  },
  {
    why: 'too many queries',
    error: answered(202),
    expected: { kind: 'retry', reason: 'throttled', retryAfterMs: 5_000 },
  },
  { why: 'no memory', error: answered(241), expected: { kind: 'retry', reason: 'throttled', retryAfterMs: 5_000 } },
  { why: 'too slow', error: answered(159), expected: { kind: 'retry', reason: 'timeout' } },
  {
    why: 'a proxy that wants a password',
    error: answered(undefined, 401),
    expected: { kind: 'config', reason: 'unauthorized' },
  },
  {
    why: 'a proxy that lets nobody in',
    error: answered(undefined, 403),
    expected: { kind: 'config', reason: 'forbidden' },
  },
  {
    why: 'an address of something else',
    error: answered(undefined, 404),
    expected: { kind: 'config', reason: 'http-404' },
  },
  {
    why: 'a proxy that takes less at once',
    error: answered(undefined, 413),
    expected: { kind: 'dead', reason: 'too-large' },
  },
  {
    why: 'a proxy without a server',
    error: answered(undefined, 503, '7'),
    expected: { kind: 'retry', reason: 'http-503', retryAfterMs: 7_000 },
  },
  {
    why: 'an answer to the question before',
    error: new Error('cannot be opened', { cause: answered(516) }),
    expected: { kind: 'config', reason: 'unauthorized' },
  },
])('of a delivery means $why: $expected.kind, $expected.reason', ({ error, expected }) => {
  expect(outcomeOfError(error, 'x')).toEqual(expected);
});

test.each([
  { why: 'a replica that lost its keeper', code: 242 },
  { why: 'a keeper that does not answer', code: 999 },
  { why: 'whether it was stored is not known', code: 319 },
  { why: 'a number nobody knows yet', code: 12_345 },
])('tried again, and nobody reads what was in the event: $why', ({ code }) => {
  const error = answered(code);
  expect(() => outcomeOfError(error, 'x')).toThrow(`clickhouse: "x": the server answered with its code ${code}`);
  expect(() => outcomeOfError(error, 'x')).not.toThrow('ada@');
});

test('what never got an answer is as it was', () => {
  const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  expect(() => outcomeOfError(reset, 'x')).toThrow(reset);
});

test('a value it does not take has its number in the reason; a fault of its own is none of the value', () => {
  expect(refusalOf(answered(131))).toBe('refused-131');
  expect(refusalOf(answered(241))).toBeUndefined();
  expect(refusalOf(new Error('socket hang up'))).toBeUndefined();
  expect([60, 81, 16].map((code) => isGone(answered(code)))).toEqual([true, true, false]);
});
