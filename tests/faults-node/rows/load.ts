import { setTimeout as pause } from 'node:timers/promises';
import { answerWith } from '../../faults/front-server.ts';
import type { Row } from '../row.ts';

export const load: readonly Row[] = [
  {
    name: 'event storm: 5,000 in one task',
    what: 'all is well otherwise',
    patienceMs: 40_000,
    run: (scene) => scene.track(5_000),
  },
  {
    name: 'event storm: 1,000 a second, 503 for 5 s',
    what: '8,000 events in 8 s',
    patienceMs: 60_000,
    async run(scene) {
      scene.front.inject(answerWith(503));
      for (let round = 0; round < 80; round++) {
        await scene.track(100);
        await pause(100); // what the row is about
        if (round === 50) scene.front.inject(undefined);
      }
    },
  },
];
