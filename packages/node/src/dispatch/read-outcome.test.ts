import { expect, test } from 'vitest';
import { readOutcome } from './read-outcome.ts';

const verdicts = (verdict: unknown): unknown => ({ kind: 'delivered', verdicts: new Map([['e1', verdict]]) });

test.each<{ why: string; answer: unknown; expected: unknown }>([
  { why: 'nothing is no outcome', answer: undefined, expected: undefined },
  { why: 'nor is a text', answer: 'delivered', expected: undefined },
  { why: 'nor a kind that nobody knows', answer: { kind: 'ok' }, expected: undefined },
  { why: 'nor verdicts that are no map', answer: { kind: 'delivered', verdicts: { e1: 1 } }, expected: undefined },
  { why: 'a reason that is missing', answer: { kind: 'dead' }, expected: { kind: 'dead', reason: 'unnamed' } },
  {
    why: 'a reason that is an object',
    answer: { kind: 'split', reason: {} },
    expected: { kind: 'split', reason: 'unnamed' },
  },
  {
    why: 'a reason that is a number',
    answer: { kind: 'config', reason: 7 },
    expected: { kind: 'config', reason: '7' },
  },
  {
    why: 'a wait that is no number is left to us',
    answer: { kind: 'retry', reason: 'http-503', retryAfterMs: Number.NaN },
    expected: { kind: 'retry', reason: 'http-503' },
  },
  {
    why: 'a wait without an end too',
    answer: { kind: 'retry', reason: 'http-503', retryAfterMs: Number.POSITIVE_INFINITY },
    expected: { kind: 'retry', reason: 'http-503' },
  },
  {
    why: 'what is well passes',
    answer: { kind: 'retry', reason: 'http-503', retryAfterMs: 7 },
    expected: { kind: 'retry', reason: 'http-503', retryAfterMs: 7 },
  },
  {
    why: 'a verdict without a reason',
    answer: verdicts({ kind: 'dead' }),
    expected: verdicts({ kind: 'dead', reason: 'unnamed' }),
  },
  {
    why: 'a verdict whose wait is no number',
    answer: verdicts({ kind: 'retry', reason: 'busy', retryAfterMs: Number.NaN }),
    expected: verdicts({ kind: 'retry', reason: 'busy' }),
  },
  {
    why: 'a verdict that nobody knows',
    answer: verdicts({ kind: 'maybe' }),
    expected: verdicts({ kind: 'dead', reason: 'unknown-verdict' }),
  },
])('$why', ({ answer, expected }) => {
  expect(readOutcome(answer)).toEqual(expected);
});
