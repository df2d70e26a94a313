import type { LogRange } from '../log/log-range.ts';
import { note, say, sayJson, withProgress } from './output.ts';
import { atDesk } from './records.ts';

export interface ReplayOptions {
  readonly config?: string;
  readonly destination: string;
  readonly from?: number;
  readonly to?: number;
  readonly fromPosition?: number;
  readonly toPosition?: number;
  readonly json?: boolean;
}

/** Positions that are asked for at once, so that long work shows how far it is. */
const positionsAtOnce = 500;

/** Delivers a part of the log to one destination once more. */
export async function replay({
  config,
  destination,
  from,
  to,
  fromPosition,
  toPosition,
  json,
}: ReplayOptions): Promise<void> {
  for (const [first, last, words] of [
    [from, to, '--from is after --to'],
    [fromPosition, toPosition, '--from-position is after --to-position'],
  ] as const) {
    if (first !== undefined && last !== undefined && first > last)
      throw new Error(`${words}: that is no part of a log.`);
  }
  const range: LogRange = {
    ...(from === undefined ? {} : { fromMs: from }),
    ...(to === undefined ? {} : { toMs: to }),
    ...(fromPosition === undefined ? {} : { fromSeq: fromPosition }),
    ...(toPosition === undefined ? {} : { toSeq: toPosition }),
  };
  await atDesk(config, async ({ operations, isServed }) => {
    const measured = await operations.measure(range);
    // An unknown destination is told before an empty range.
    let events = await operations.replay({ destination, ...range, fromSeq: 1, toSeq: 0 });
    if (measured !== null) {
      const { fromSeq, toSeq } = measured;
      await withProgress('Replaying', toSeq - fromSeq + 1, async (advance) => {
        for (let first = fromSeq; first <= toSeq; first += positionsAtOnce) {
          const last = Math.min(toSeq, first + positionsAtOnce - 1);
          events += await operations.replay({ ...range, destination, fromSeq: first, toSeq: last });
          advance(last - first + 1);
        }
      });
    }
    if (json) sayJson({ destination, events, ...measured, inLog: measured?.events ?? 0 });
    else say(`${events} events wait for "${destination}" again.`);
    if (events > 0 && !isServed) note('No server runs on this log: the next one delivers.');
  });
}

/** What nobody reads any more holds the log's oldest batches. */
export function forget(
  destination: string,
  { config, json }: { readonly config?: string; readonly json?: boolean },
): Promise<void> {
  return atDesk(config, async ({ operations }) => {
    const wasThere = await operations.forget({ destination });
    if (!wasThere) process.exitCode = 1;
    if (json) sayJson({ destination, forgotten: wasThere });
    else say(wasThere ? `Nothing is kept for "${destination}" any more.` : `"${destination}" never read this log.`);
  });
}
