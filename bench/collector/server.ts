import { monitorEventLoopDelay } from 'node:perf_hooks';
import { gunzipSync } from 'node:zlib';

/** What a server says of the time in which it was measured. */
export interface ServerFigures {
  /** Of its whole process, milliseconds. */
  readonly cpuMs: number;
  /** How long the event loop was late, milliseconds. */
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  readonly rssBytes: number;
  /** Events kept so far, or handed on by a server that keeps none. */
  readonly kept?: number;
}

export type ServerOrder = 'begin' | 'end' | 'close';

/** What a server process does for `run.ts`: says its port, measures itself when told, and closes. */
export function serveBench(
  port: number,
  { kept, close }: { readonly kept?: () => number; readonly close: () => void | Promise<void> },
): void {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let cpu = process.cpuUsage();
  process.on('message', (order: ServerOrder) => {
    if (order === 'begin') {
      cpu = process.cpuUsage();
      delay.enable();
      delay.reset();
      process.send?.('begun');
    } else if (order === 'end') {
      const { user, system } = process.cpuUsage(cpu);
      process.send?.({
        cpuMs: (user + system) / 1_000,
        delayP50Ms: delay.percentile(50) / 1e6,
        delayP99Ms: delay.percentile(99) / 1e6,
        delayMaxMs: delay.max / 1e6,
        rssBytes: process.memoryUsage.rss(),
        ...(kept === undefined ? {} : { kept: kept() }),
      } satisfies ServerFigures);
    } else void Promise.resolve(close()).then(() => process.exit(0));
  });
  process.send?.(port);
}

/** What a body says, packed by gzip or not. */
export function textOf(body: Buffer): string {
  return (body[0] === 0x1f ? gunzipSync(body) : body).toString();
}
