import { type Column, type Lab, type Measure, phoneSlowdown } from '../measure.ts';
import { median, percentile } from '../statistics.ts';
import type { CallTimes } from '../visit.ts';

/** As `page/harness.js` does it. */
const eventsPerTask = 10;
const warmUp = 100;
const perRound = 200;
/** Slow trackers get fewer rounds. */
const patienceMs = 5_000;

async function callTimes({ isQuick, site, visit }: Lab, slowdown: number): Promise<CallTimes> {
  const wanted = isQuick ? perRound : 2_000;
  return visit({ slowdown }, async ({ start, timeTracks }) => {
    await start();
    await site.arrival((await timeTracks(warmUp)).markers, patienceMs);
    const calls: number[] = [];
    const means: number[] = [];
    const end = performance.now() + patienceMs;
    for (let tracked = 0; tracked < wanted && performance.now() < end; tracked += perRound) {
      const { times } = await timeTracks(perRound);
      calls.push(...times.calls);
      means.push(...times.means);
    }
    return { calls, means };
  });
}

const figures = ({ calls, means }: CallTimes): readonly number[] => [
  median(means),
  median(calls.filter((_, index) => index % eventsPerTask === 0)),
  percentile(calls, 0.5),
  percentile(calls, 0.95),
  percentile(calls, 0.99),
];

const columns = (where: string): readonly Column[] => [
  { name: `ten calls, each${where}`, digits: 1, isCompared: true },
  { name: `first in its task${where}`, isCompared: true },
  { name: `p50${where}` },
  { name: `p95${where}`, isCompared: true },
  { name: `p99${where}` },
];

export const trackCost: Measure = {
  title: '`track()`, µs',
  meaning:
    'How long a warm call with ten properties keeps its caller. Single calls are read off a clock of 5 µs; the first ' +
    'column is finer: ten calls in one task, divided by ten, the median. The first call in a task finds cold caches: it is what ' +
    'a page pays that tracks one thing at a time. Slowed down, Chromium halts the page now and then ' +
    'instead of running it slower, so there p50 flatters everybody. Work put off to a later task is in the burst.',
  columns: [...columns(''), ...columns(', 4× slower'), { name: 'calls timed' }],
  async run(lab) {
    const fast = await callTimes(lab, 1);
    const slow = await callTimes(lab, phoneSlowdown);
    return [...figures(fast), ...figures(slow), fast.calls.length + slow.calls.length];
  },
};
