import { loadConfig } from '../config/load-config.ts';
import type { TailFilter, TailLine } from '../server/tail.ts';
import { passes } from '../server/tail.ts';
import { openDesk } from './desk.ts';
import { note, printable, say, sayJson, timeOf } from './output.ts';

export interface TailOptions extends TailFilter {
  readonly config?: string;
  readonly lines: number;
  readonly follow: boolean;
  readonly json?: boolean;
}

/** A sign of life is for the connection. */
type ShownLine = Exclude<TailLine, { readonly isQuiet: true }>;

/** Shows the newest events of the log, then those that arrive, stored or not. */
export async function tail({ config: named, lines, follow, json = false, ...filter }: TailOptions): Promise<void> {
  const desk = await openDesk(await loadConfig(named));
  const show = (line: ShownLine): void => (json ? sayJson(line) : say(lineOf(line)));
  try {
    if (lines > 0) {
      for (const { event } of await desk.operations.newest({ limit: lines })) {
        const { source, receivedAt } = event;
        const arrival = { event, status: 'stored' as const, source, receivedAt: Date.parse(receivedAt) };
        if (passes(arrival, filter)) show(arrival);
      }
    }
    if (!follow) return;
    if (!desk.isServed) return note('No server runs on this log: there is nothing to follow.');
    for await (const line of desk.operations.tail(filter)) if (!('isQuiet' in line)) show(line);
  } finally {
    await desk.close();
  }
}

function lineOf(line: ShownLine): string {
  if ('skipped' in line) return `… ${line.skipped} more came than could be shown`;
  const { event, status, reason, source, receivedAt } = line;
  const fields = (typeof event === 'object' && event !== null ? event : {}) as Readonly<Record<string, unknown>>;
  const { type, event: name, userId, anonymousId, messageId } = fields;
  const what = type === 'track' ? `track "${String(name)}"` : String(type);
  const who = userId === undefined ? (anonymousId ?? '-') : userId;
  const fate = reason === undefined ? status : `${status}: ${reason}`;
  return printable(`${timeOf(receivedAt)}  ${source}  ${what}  ${String(who)}  ${fate}  ${String(messageId)}`);
}
