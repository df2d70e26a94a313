import { answerWith } from '../../faults/front-server.ts';
import type { End } from '../client.ts';
import type { Row } from '../row.ts';

const few = 3;
const later = 50;
const many = 200;

/** Ends that leave no time for a request. */
const abrupt: readonly End[] = ['process.exit(0)', 'uncaught error', 'SIGTERM', 'SIGKILL'];

const atOnce = abrupt
  .filter((end) => end !== 'SIGKILL' && end !== 'SIGTERM') // these may hit before the task is over, as a power cut does
  .map(
    (end): Row => ({
      name: `${end} in the task of track()`,
      what: 'three events, and the process ends with their task',
      needsDisk: true,
      run: (scene) => scene.trackAndEnd(few, end, -1),
    }),
  );

const afterwards = abrupt.map(
  (end): Row => ({
    name: `${end} after 50 ms`,
    what: 'three events, and the process ends so soon after',
    needsDisk: true,
    run: (scene) => scene.trackAndEnd(few, end, later),
  }),
);

const duringOutage = abrupt.map(
  (end): Row => ({
    name: `503, ${end} after 1 s`,
    what: '200 events wait for a far end that is unavailable',
    needsDisk: true,
    async run(scene) {
      scene.front.inject(answerWith(503));
      await scene.trackAndEnd(many, end, 1_000);
    },
  }),
);

export const endings: readonly Row[] = [
  {
    name: 'nothing left to do, 3 events',
    what: 'the process ends by itself, without flush or shutdown',
    run: (scene) => scene.trackAndEnd(few, 'nothing left to do', -1),
  },
  {
    name: 'nothing left to do, 5,000 events',
    what: 'the same with many batches waiting',
    run: (scene) => scene.trackAndEnd(5_000, 'nothing left to do', -1),
  },
  {
    name: 'connection refused, nothing left to do',
    what: 'the process ends by itself, and finds no far end',
    needsDisk: true,
    async run(scene) {
      await scene.front.goDown();
      await scene.trackAndEnd(many, 'nothing left to do', -1);
    },
  },
  {
    name: 'connection refused, then shut down',
    what: 'the client is shut down while there is no far end',
    needsDisk: true,
    patienceMs: 0,
    async run(scene) {
      await scene.front.goDown();
      await scene.track(many);
    },
  },
  ...atOnce,
  ...afterwards,
  ...duringOutage,
];
