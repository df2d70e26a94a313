import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from '../faults/until.ts';
import type { End, Order, ServerClientUnderTest, Surroundings } from './client.ts';

/** How a process ended: `0`, `1`, `SIGKILL` … */
export type EndedWith = string;

/** A process with the client in it. */
export interface TrackedProcess {
  /** Does as it is told, and says `done` or what went wrong. */
  obey(order: Order): Promise<string>;
  /** Tracks, then comes to its end. */
  trackAndEnd(
    ids: readonly string[],
    how: { readonly sizeBytes: number; readonly end: End; readonly afterMs: number },
  ): Promise<EndedWith>;
  isRunning(): boolean;
  /** Lets it end by itself now that nobody talks to it; ends it after `patienceMs`. False if that was needed. */
  letGo(patienceMs: number): Promise<boolean>;
  /** Rejections that nobody handled so far. */
  rejections(): number;
  kill(): Promise<void>;
}

/** What a client may take to say that it is done: minutes of a blocked loop, and for its end what is above their own deadlines. */
const orderMs = 300_000;
const shutdownMs = 60_000;

export async function startProcess(
  { setup }: ServerClientUnderTest,
  { origin, folder }: Surroundings,
): Promise<TrackedProcess> {
  const script = fileURLToPath(new URL('client-process.ts', import.meta.url));
  const child: ChildProcess = fork(script, [setup.href, origin, folder], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const ended = once(child, 'exit').then(([code, signal]) => String(signal ?? code));
  let said = '';
  child.stderr?.on('data', (chunk) => (said += chunk));

  const answer = async (patienceMs = orderMs): Promise<string> => {
    const heard = new AbortController();
    try {
      return await Promise.race([
        once(child, 'message', { signal: heard.signal }).then(([message]) => String(message)),
        ended.then((how) => `the process ended: ${how} ${said.slice(-2_000)}`),
        once(AbortSignal.timeout(patienceMs), 'abort', { signal: heard.signal }).then(() => 'no answer'),
      ]);
    } finally {
      heard.abort();
    }
  };
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;

  async function kill(): Promise<void> {
    if (!isRunning()) return;
    child.kill('SIGKILL');
    await ended;
  }

  const first = await answer();
  if (first !== 'ready') throw new Error(`The process did not start: ${first}`);
  return {
    async obey(order) {
      if (!child.connected) return `the process has ended: ${await ended} ${said.slice(-500)}`;
      const answered = answer(order.act === 'shutdown' ? shutdownMs : orderMs);
      child.send(order);
      return answered;
    },
    async trackAndEnd(ids, how) {
      child.send({ act: 'track-and-end', ids, ...how } satisfies Order);
      if (!(await until(() => !isRunning(), orderMs))) await kill();
      return ended;
    },
    isRunning,
    async letGo(patienceMs) {
      if (!isRunning()) return true;
      if (child.connected) child.disconnect();
      const hasEnded = await until(() => !isRunning(), patienceMs);
      await kill();
      return hasEnded;
    },
    rejections: () => said.split('unhandled rejection: ').length - 1,
    kill,
  };
}
