import { setTimeout as pause } from 'node:timers/promises';
import { answerWith, meet } from '../../faults/front-server.ts';
import type { Row } from '../row.ts';

/** How long an outage lasts: several tries of everybody. */
const outageMs = 5_000;
const burst = 200;

export const outages: readonly Row[] = [
  {
    name: 'all is well',
    what: '200 events in one task',
    run: (scene) => scene.track(burst),
  },
  {
    name: 'connection refused for 5 s',
    what: 'the port is closed, then open again',
    patienceMs: 25_000,
    async run(scene) {
      await scene.front.goDown();
      await scene.track(burst);
      await pause(outageMs); // what the row is about
      await scene.front.comeBack();
    },
  },
  {
    name: 'the name does not resolve for 5 s',
    what: 'the name server fails, then works again',
    patienceMs: 25_000,
    async run(scene) {
      await scene.names(false);
      await scene.track(burst);
      await pause(outageMs); // what the row is about
      await scene.names(true);
    },
  },
  {
    name: '503 for 5 s',
    what: 'every request is refused, then none',
    patienceMs: 25_000,
    async run(scene) {
      scene.front.inject(answerWith(503));
      await scene.track(burst);
      await pause(outageMs); // what the row is about
      scene.front.inject(undefined);
    },
  },
  {
    name: 'connection lost under keep-alive',
    what: 'the far end is restarted between two bursts: connections that were kept are dead',
    async run(scene) {
      await scene.track(burst / 2);
      await scene.arrival(10_000);
      await scene.front.goDown();
      await scene.front.comeBack();
      await scene.track(burst / 2);
    },
  },
  {
    name: 'the first request hangs',
    what: 'the far end takes the request and never answers; the next ones it does',
    patienceMs: 45_000,
    async run(scene) {
      scene.front.inject(meet('hang', 1));
      await scene.track(burst);
    },
  },
  {
    name: 'reset after stored',
    what: 'the far end keeps the first two requests, and resets the connection before it answers',
    patienceMs: 25_000,
    async run(scene) {
      scene.front.inject(meet('reset-after-stored', 2));
      await scene.track(burst);
    },
  },
  {
    name: 'half an answer',
    what: 'the far end keeps the first two requests, and its answers break off in the middle',
    patienceMs: 25_000,
    async run(scene) {
      scene.front.inject(meet('half-an-answer', 2));
      await scene.track(burst);
    },
  },
  {
    name: 'slow',
    what: 'every answer takes 3 s; five bursts, a second apart',
    patienceMs: 40_000,
    async run(scene) {
      scene.front.inject(meet('slow'));
      for (let round = 0; round < 5; round++) {
        await scene.track(burst / 5);
        await pause(1_000); // what the row is about
      }
    },
  },
  ...[3_600_000, -3_600_000].map(
    (aheadMs): Row => ({
      name: `503, the clock is set ${aheadMs > 0 ? 'ahead' : 'back'} by an hour`,
      what: 'events wait while the wall clock of their process jumps',
      patienceMs: 25_000,
      async run(scene) {
        scene.front.inject(answerWith(503));
        await scene.track(burst / 2);
        await scene.nextRequest();
        await scene.clock(aheadMs);
        await scene.track(burst / 2);
        scene.front.inject(undefined);
      },
    }),
  ),
];
