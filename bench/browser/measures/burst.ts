import { quiet } from '../../../tests/faults/until.ts';
import { type Column, type Lab, type Measure, phoneSlowdown } from '../measure.ts';
import { sum } from '../statistics.ts';

const patienceMs = 20_000;
const quietMs = 500;

/** Main thread per event, long tasks: how many and how long, requests, arrived. */
async function burstOf(events: number, { site, visit }: Lab, slowdown: number): Promise<readonly number[]> {
  return visit({ slowdown }, async ({ start, track, taskMs, longTasks }) => {
    await start();
    await site.arrival(await track(10), patienceMs);
    await longTasks();
    const before = await taskMs();
    const requestsBefore = site.requests.length;
    const arrived = await site.arrival(await track(events), patienceMs);
    await quiet({ statuses: site.requests }, quietMs);
    const mainMs = (await taskMs()) - before;
    const durations = await longTasks();
    const requests = site.requests.length - requestsBefore;
    return [(mainMs * 1_000) / events, durations.length, sum(durations), requests, arrived];
  });
}

const columns = (where: string): readonly Column[] => [
  { name: `main thread µs per event${where}`, digits: 1, isCompared: true },
  { name: `long tasks${where}` },
  { name: `ms in them${where}` },
  { name: `requests${where}` },
  { name: `arrived${where}` },
];

export const burst: Measure = {
  title: 'A burst of 1,000 events',
  meaning:
    'Ten calls in a task, a hundred tasks. Main thread: its processor time from the first call until every event has arrived ' +
    `(at most ${patienceMs / 1_000} s) and no request has come for ${quietMs / 1_000} s, for each event.`,
  columns: [...columns(''), ...columns(', 4× slower')],
  async run(lab) {
    const events = lab.isQuick ? 200 : 1_000;
    return [...(await burstOf(events, lab, 1)), ...(await burstOf(events, lab, phoneSlowdown))];
  },
};
