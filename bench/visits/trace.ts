/** What a trace says of the main thread of one page. Times are milliseconds on the processor. */
export interface MainThread {
  /** Tasks of 50 ms and more. */
  readonly longTasks: readonly number[];
  /** The longest that a script of this name ran at once. */
  longestOf(file: string): number;
}

/** https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  /** Time on the processor, microseconds. Neighbours on the machine do not lengthen it. */
  readonly tdur?: number;
  readonly args?: { readonly data?: { readonly url?: string } };
}

export const traceCategories = ['devtools.timeline', 'disabled-by-default-devtools.timeline'];

const longMs = 50;

/** @param address - of a script that the page runs: it tells which of the processes is the page's */
export function mainThreadOf(trace: Buffer, address: string): MainThread {
  const { traceEvents } = JSON.parse(trace.toString()) as { readonly traceEvents: readonly TraceEvent[] };
  const urlOf = ({ args }: TraceEvent): string => args?.data?.url ?? '';
  const known = traceEvents.find((event) => event.name === 'EvaluateScript' && urlOf(event).startsWith(address));
  if (known === undefined) throw new Error(`The trace has no script of ${address}`);
  const events = traceEvents.filter(({ ph, pid, tid }) => ph === 'X' && pid === known.pid && tid === known.tid);
  const ms = ({ tdur, dur }: TraceEvent): number => (tdur ?? dur ?? 0) / 1_000;
  return {
    longTasks: events.filter((event) => event.name === 'RunTask' && ms(event) >= longMs).map(ms),
    longestOf: (file) =>
      Math.max(
        0,
        ...events
          .filter((event) => /^(EvaluateScript|FunctionCall)$/.test(event.name) && urlOf(event).endsWith(file))
          .map(ms),
      ),
  };
}
