import { setTimeout as pause } from 'node:timers/promises';
import type { Measure } from '../measure.ts';

const patienceMs = 10_000;
/** Nothing tells from outside when a tracker has put an event into its queue. */
const settleMs = 2_000;

export const heap: Measure = {
  title: 'Memory of what waits',
  meaning:
    'The collector refuses connections, 1,000 events are tracked: how much larger the JavaScript heap is after a ' +
    `collection, for each event. Then the collector is back: how many have arrived ${patienceMs / 1_000} s later. What a ` +
    'tracker gave up, or keeps in localStorage only, is not on the heap. Some wait longer before they try again.',
  columns: [{ name: 'bytes per event', isCompared: true }, { name: 'arrived later' }],
  run: ({ site, visit, isQuick }) =>
    visit({}, async ({ start, track, heapBytes }) => {
      const count = isQuick ? 200 : 1_000;
      await start();
      await site.arrival(await track(50), patienceMs);
      await pause(settleMs);
      const before = await heapBytes();
      await site.goDown();
      const waiting = await track(count);
      await pause(settleMs);
      const bytes = (await heapBytes()) - before;
      await site.comeBack();
      return [bytes / count, await site.arrival(waiting, patienceMs)];
    }),
};
