import { createFakeClock } from '@org/track-core/testing';
import { expect, test } from 'vitest';
import { LogUnavailableError } from '../log/log.ts';
import { createReadiness } from './readiness.ts';

const failing = (errcode?: number) => () =>
  Promise.reject(new LogUnavailableError('no', { cause: Object.assign(new Error('sqlite'), { errcode }) }));
const idle = { requests: 0, bytes: 0 };

test.each([
  { why: 'all is well', expected: [] },
  { why: 'the disk is full', probe: failing(13), expected: ['disk-full'] },
  { why: 'the file is read-only', probe: failing(8), expected: ['log-read-only'] },
  { why: 'a kind of read-only', probe: failing(8 | (1 << 8)), expected: ['log-read-only'] },
  { why: 'anything else', probe: failing(10), expected: ['log-unavailable'] },
  { why: 'many requests', inFlight: { requests: 9, bytes: 0 }, expected: ['overloaded'] },
  { why: 'many bytes', inFlight: { requests: 1, bytes: 900 }, expected: ['overloaded'] },
  { why: 'both', inFlight: { requests: 9, bytes: 0 }, probe: failing(13), expected: ['overloaded', 'disk-full'] },
  { why: 'stopping is all there is to say', isStopping: true, probe: failing(13), expected: ['stopping'] },
])('$why', async ({ probe = async () => {}, inFlight = idle, isStopping = false, expected }) => {
  const ready = createReadiness({
    log: { probe },
    limits: { maxInFlight: 10, maxInFlightBytes: 1_000 },
    stats: () => ({ inFlight }),
    isStopping: () => isStopping,
    clock: createFakeClock(),
  });
  expect(await ready()).toEqual(expected);
});

test('the log is asked again and again, though not for everyone who asks', async () => {
  const clock = createFakeClock();
  let probes = 0;
  let probe = failing(13);
  const ready = createReadiness({
    log: {
      probe() {
        probes++;
        return probe();
      },
    },
    limits: undefined,
    stats: () => ({ inFlight: idle }),
    isStopping: () => false,
    clock,
  });
  expect([await ready(), await ready(), probes]).toEqual([['disk-full'], ['disk-full'], 1]);
  probe = () => Promise.resolve() as Promise<never>;
  await clock.advance(1_000);
  expect([await ready(), probes]).toEqual([[], 2]);
});
