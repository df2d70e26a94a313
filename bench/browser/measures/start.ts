import { setTimeout as pause } from 'node:timers/promises';
import { type Column, type Lab, type Measure, phoneSlowdown } from '../measure.ts';
import { median, sum } from '../statistics.ts';

/** Set-up that a tracker puts off happens within this time. */
const aftermathMs = 500;

/** Blocking, main thread, long tasks: how many and how long. Each of a first visit. */
function startOnce({ visit }: Lab, slowdown: number): Promise<readonly number[]> {
  return visit({ slowdown }, async ({ start, taskMs, longTasks }) => {
    const before = await taskMs();
    const blockingMs = await start();
    await pause(aftermathMs);
    const mainMs = (await taskMs()) - before;
    const durations = await longTasks();
    return [blockingMs, mainMs, durations.length, sum(durations)];
  });
}

async function startOften(lab: Lab, slowdown: number): Promise<readonly number[]> {
  const starts: (readonly number[])[] = [];
  for (let left = lab.isQuick ? 3 : 10; left > 0; left--) starts.push(await startOnce(lab, slowdown));
  return [0, 1, 2, 3].map((column) => median(starts.map((figures) => figures[column] ?? Number.NaN)));
}

const columns = (where: string): readonly Column[] => [
  { name: `blocking${where}`, digits: 1, isCompared: true },
  { name: `main thread${where}`, digits: 1, isCompared: true },
  { name: `long tasks${where}` },
  { name: `in long tasks${where}` },
];

export const start: Measure = {
  title: 'Start, ms',
  meaning:
    'Median of ten first visits. Blocking: parsing and running the script that creates the tracker and asks for the first ' +
    `page view. Main thread: its processor time from before that until ${aftermathMs / 1_000} s after the tracker says it is ready, ` +
    'the page’s own few included. Long tasks are those of 50 ms and more.',
  columns: [...columns(''), ...columns(', 4× slower')],
  run: async (lab) => [...(await startOften(lab, 1)), ...(await startOften(lab, phoneSlowdown))],
};
