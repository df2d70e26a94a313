import { expect, test } from 'vitest';
import { maxRetryAfterMs, outcomeOfResponse } from './outcome-of-response.ts';

const now = Date.UTC(2026, 0, 1, 12, 0, 0);

test.each([
  { why: 'no header', header: null, expected: 0 },
  { why: 'whole seconds', header: '2', expected: 2_000 },
  { why: 'an HTTP date ahead', header: 'Thu, 01 Jan 2026 12:00:02 GMT', expected: 2_000 },
  { why: 'an HTTP date past', header: 'Thu, 01 Jan 2026 11:59:00 GMT', expected: 0 },
  { why: 'negative', header: '-5', expected: 0 },
  { why: 'zero asks for nothing', header: '0', expected: 0 },
  { why: 'no number, no date', header: 'abc', expected: 0 },
  { why: 'a fraction is not in the standard', header: '1.5', expected: 0 },
  { why: 'nobody silences us for days', header: '999999', expected: maxRetryAfterMs },
])('Retry-After, $why: $header', ({ header, expected }) => {
  expect(outcomeOfResponse(503, header, '', now)).toMatchObject({ reason: 'http-503', retryAfterMs: expected });
});

const success = '{"success":true}';

test.each([
  { status: 200, body: success, expected: { kind: 'delivered', verdicts: new Map() } },
  { status: 202, body: success, expected: { kind: 'delivered', verdicts: new Map() } },
  { status: 200, body: '', expected: { kind: 'retry', reason: 'http-200', retryAfterMs: 0 } },
  { status: 200, body: 'null', expected: { kind: 'retry', reason: 'http-200', retryAfterMs: 0 } },
  { status: 200, body: '<html>', expected: { kind: 'retry', reason: 'http-200', retryAfterMs: 0 } },
  { status: 302, body: '', expected: { kind: 'retry', reason: 'http-302', retryAfterMs: 0 } },
  { status: 400, body: '', expected: { kind: 'dead', reason: 'http-400' } },
  { status: 401, body: '', expected: { kind: 'dead', reason: 'http-401' } },
  { status: 403, body: '', expected: { kind: 'dead', reason: 'http-403' } },
  { status: 404, body: '', expected: { kind: 'retry', reason: 'http-404', retryAfterMs: 0 } },
  { status: 408, body: '', expected: { kind: 'retry', reason: 'http-408', retryAfterMs: 0 } },
  { status: 413, body: '', expected: { kind: 'dead', reason: 'too-large' } },
  { status: 429, body: '', expected: { kind: 'retry', reason: 'http-429', retryAfterMs: 0 } },
  { status: 500, body: '', expected: { kind: 'retry', reason: 'http-500', retryAfterMs: 0 } },
  { status: 501, body: '', expected: { kind: 'dead', reason: 'http-501' } },
  { status: 503, body: '', expected: { kind: 'retry', reason: 'http-503', retryAfterMs: 0 } },
  { status: 503, body: success, expected: { kind: 'retry', reason: 'http-503', retryAfterMs: 0 } },
  { status: 504, body: '', expected: { kind: 'retry', reason: 'http-504', retryAfterMs: 0 } },
])('$status with body "$body" is $expected.kind', ({ status, body, expected }) => {
  expect(outcomeOfResponse(status, '', body, now)).toEqual(expected);
});

test('the wait a server asks for travels with the outcome', () => {
  const outcome = outcomeOfResponse(503, '3', '', now);
  expect(outcome).toEqual({ kind: 'retry', reason: 'http-503', retryAfterMs: 3_000 });
});

test('a reply that names events gives each its verdict', () => {
  const results = {
    a: { status: 'duplicate', kind: 'delivered' },
    b: { status: 'invalid', kind: 'dead', reason: 'event missing' },
    c: { status: 'consent_denied', kind: 'dropped', reason: 'consent' },
    d: { status: 'retry', kind: 'retry', reason: 'busy' },
  };
  const outcome = outcomeOfResponse(200, '', JSON.stringify({ success: true, results }), now);
  expect(outcome).toEqual({ kind: 'delivered', verdicts: new Map(Object.entries(results)) });
});
