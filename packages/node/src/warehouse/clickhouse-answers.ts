import type { DeliveryOutcome } from '@org/track-core';
import { outcomeOfStatus } from '../destination/http-exchange.ts';
import { AnswerError } from './clickhouse-connection.ts';

/**
 * ClickHouse's numbers for what time does not heal: who we are, what we may, what is not there. Servers before 20 have
 * numbers of their own for a wrong password.
 * https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
 */
const configProblems: ReadonlyMap<number, string> = new Map([
  [16, 'no-such-column'],
  [60, 'no-such-table'],
  [81, 'no-such-database'],
  [164, 'read-only'],
  [192, 'unauthorized'],
  [193, 'unauthorized'],
  [194, 'unauthorized'],
  [195, 'unauthorized'],
  [291, 'forbidden'],
  [452, 'setting-not-allowed'],
  [497, 'forbidden'],
  [516, 'unauthorized'],
]);

/** Too much at once: queries, memory, parts not yet merged, the user's quota, threads, the whole server. */
const throttled: ReadonlySet<number> = new Set([201, 202, 241, 252, 439, 745]);
const throttledMs = 5_000;

const timedOut: ReadonlySet<number> = new Set([159, 209]);

/** It found fault with a value, or with its size, not with itself: no text, number or moment, out of range, too long, missing, against a constraint. */
const refusals: ReadonlySet<number> = new Set([
  6, 25, 26, 27, 32, 33, 36, 38, 41, 43, 53, 69, 70, 72, 117, 128, 130, 131, 190, 321, 349, 407, 469, 691,
]);

/** Why ClickHouse does not take what is in a row; `undefined` if the fault is its own. */
export function refusalOf(error: unknown): string | undefined {
  const { code } = answerIn(error) ?? {};
  return code !== undefined && refusals.has(code) ? `refused-${code}` : undefined;
}

/** Tables or the database were removed under us: they can be made anew, once somebody says go on. */
export const isGone = (error: unknown): boolean => [60, 81].includes(answerIn(error)?.code ?? 0);

/**
 * What an error means for a delivery. Throws what says nothing more than that it did not work: the server's own words
 * may quote an event, so they are left out.
 */
export function outcomeOfError(error: unknown, name: string): DeliveryOutcome {
  const answer = answerIn(error);
  if (answer === undefined) throw error;
  const { code, status, retryAfter } = answer;
  if (code === undefined) {
    if (status === 401) return { kind: 'config', reason: 'unauthorized' };
    if (status === 403) return { kind: 'config', reason: 'forbidden' };
    return outcomeOfStatus({ status, headers: { 'retry-after': retryAfter }, body: '' });
  }
  const problem = configProblems.get(code);
  if (problem !== undefined) return { kind: 'config', reason: problem };
  if (throttled.has(code)) return { kind: 'retry', reason: 'throttled', retryAfterMs: throttledMs };
  if (timedOut.has(code)) return { kind: 'retry', reason: 'timeout' };
  throw new Error(`clickhouse: "${name}": the server answered with its code ${code}`);
}

function answerIn(error: unknown): AnswerError | undefined {
  if (error instanceof AnswerError) return error;
  return error instanceof Error && error.cause !== undefined ? answerIn(error.cause) : undefined;
}
