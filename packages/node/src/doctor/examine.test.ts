import { expect, test } from 'vitest';
import type { DestinationReport } from '../dispatch/books.ts';
import type { Standing } from '../server/operations.ts';
import { examineRoom } from './examine-files.ts';
import { examineStanding } from './examine-standing.ts';

const MiB = 1024 * 1024;

test.each([
  { why: 'plenty', free: 5_000 * MiB, level: 'ok' },
  { why: 'little', free: 500 * MiB, level: 'warn' },
  { why: 'next to none', free: 10 * MiB, level: 'fail' },
  { why: 'nobody can tell', free: Number.NaN, level: 'warn' },
])('room on the disk: $why', ({ free, level }) => {
  expect(examineRoom(free).level).toBe(level);
});

const now = Date.UTC(2026, 0, 1);
const minute = 60_000;

function standing(parts: Partial<Standing> & { deadLetters?: number; quarantined?: number } = {}): Standing {
  const { deadLetters = 0, quarantined = 0, ...more } = parts;
  const log = { batches: 0, events: 0, deadLetters, quarantined };
  const erasures = { underWay: 0, failed: [] };
  return { stats: { log } as Standing['stats'], progress: {}, consumers: [], destinations: [], erasures, ...more };
}

test.each<{ why: string; parts: Parameters<typeof standing>[0]; expected: readonly string[] }>([
  { why: 'all is well', parts: {}, expected: ['ok log', 'ok destination a'] },
  {
    why: 'a delivery that takes its time',
    parts: { progress: { a: { cursor: 1, oldestReceivedAt: now - minute } } },
    expected: ['ok log', 'ok destination a'],
  },
  {
    why: 'one that is late',
    parts: { progress: { a: { cursor: 1, oldestReceivedAt: now - 16 * minute } } },
    expected: ['ok log', 'warn destination a'],
  },
  {
    why: 'somebody who is not forgotten everywhere, and a destination that never did',
    parts: { erasures: { underWay: 1, failed: ['a'] } },
    expected: ['ok log', 'warn erasures', 'warn erasures', 'ok destination a'],
  },
  {
    why: 'an erasure of yesterday',
    parts: { erasures: { underWay: 1, oldestAskedAt: now - 25 * 60 * minute, waitsFor: ['a'], failed: [] } },
    expected: ['ok log', 'warn erasures', 'warn erasures', 'ok destination a'],
  },
  {
    why: 'one of today',
    parts: { erasures: { underWay: 1, oldestAskedAt: now - 23 * 60 * minute, waitsFor: ['a'], failed: [] } },
    expected: ['ok log', 'warn erasures', 'ok destination a'],
  },
  { why: 'dead letters', parts: { deadLetters: 1 }, expected: ['warn log', 'ok destination a'] },
  { why: 'quarantine', parts: { quarantined: 1 }, expected: ['warn log', 'ok destination a'] },
  {
    why: 'a reader that is none any more',
    parts: { consumers: ['a', 'old'] },
    expected: ['ok log', 'ok destination a', 'warn destinations'],
  },
])('how far it is: $why', ({ parts, expected }) => {
  const findings = examineStanding(standing(parts), [{ name: 'a' }], now);
  expect(findings.map(({ level, about }) => `${level} ${about}`)).toEqual(expected);
});

const aReport = (parts: Partial<DestinationReport>): DestinationReport => ({
  name: 'a',
  state: 'closed',
  books: { accepted: 0, delivered: 0, dropped: {}, dead: {}, pending: 0 },
  deliveries: { begun: 0, failed: 0, underWay: 0 },
  concurrency: 1,
  eventsPerSecond: 0,
  restMs: 0,
  errors: {},
  ...parts,
});

test.each<{ why: string; minutes?: number; report: Partial<DestinationReport>; level: string; says: string }>([
  { why: 'late, with what went wrong', report: { errors: { timeout: 3 } }, level: 'warn', says: 'timeout (3)' },
  { why: 'stopped', report: { state: 'stopped', stopReason: 'unauthorized' }, level: 'fail', says: 'unauthorized' },
  { why: 'paused', report: { state: 'paused' }, level: 'warn', says: 'paused' },
  {
    why: 'rests after a failure',
    minutes: 1,
    report: { state: 'open', errors: { network: 2 } },
    level: 'warn',
    says: 'failed',
  },
  { why: 'is tried after a failure', minutes: 1, report: { state: 'probing' }, level: 'warn', says: 'failed' },
  { why: 'in time', minutes: 1, report: {}, level: 'ok', says: 'It is being delivered to' },
])('what a server knows of a destination is said: $why', ({ minutes = 16, report, level, says }) => {
  const oldestReceivedAt = now - minutes * minute;
  const late = { progress: { a: { cursor: 1, oldestReceivedAt } }, destinations: [aReport(report)] };
  const finding = examineStanding(standing(late), [{ name: 'a' }], now)[1];
  expect(finding?.level).toBe(level);
  expect(finding?.message).toContain(says);
});
