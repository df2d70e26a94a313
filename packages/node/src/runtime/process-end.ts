/** Somebody with undelivered events. */
export interface Leaver {
  /** The process is about to end: what is begun here keeps it alive until it is done. May be asked again after that. */
  finish(deadlineMs: number): void | Promise<unknown>;
  /** The process ends now; only what runs at once still runs. */
  leave(): void;
}

/** Who sends one of these wants the process to end, soon. */
const signals = ['SIGTERM', 'SIGINT'] as const;

/** How long a process that ends by itself may take to deliver, milliseconds. */
const endDeadlineMs = 10_000;

/** The same after a signal: less than the 10 seconds that Docker waits before it kills. */
export const signalDeadlineMs = 5_000;

/** All that want to be told, and what takes their listeners off. */
interface Leaving {
  readonly leavers: Set<Leaver>;
  stop(): void;
}

/**
 * One listener for all: Node warns on the console when many trackers each add their own. One for all copies of us, too, as
 * bundlers make them: each would take the others' for the host's, and the quickest would end the process for all.
 */
const place = Symbol.for('@org/track-node: process end');
const leaving = (): Leaving => {
  const shared = process as { [place]?: Leaving };
  shared[place] ??= { leavers: new Set(), stop() {} };
  return shared[place];
};

const finishAll = (deadlineMs: number): Promise<unknown> =>
  Promise.allSettled([...leaving().leavers].map((leaver) => leaver.finish(deadlineMs)));

const onBeforeExit = (): void => void finishAll(endDeadlineMs);

const leaveAll = (): void => {
  for (const leaver of leaving().leavers) leaver.leave();
};

/**
 * Our own listener must not decide whether the process ends. So it goes before anybody counts listeners: those who end the
 * process if they are the only one still do, and if there is nobody else the signal is sent again when we are done. Until
 * then a second one ends the process at once.
 */
function onSignal(signal: NodeJS.Signals): void {
  process.off(signal, onSignal);
  const isHosts = process.listenerCount(signal) > 0;
  void finishAll(signalDeadlineMs).then(() => {
    if (isHosts) return leaving().leavers.size > 0 ? listen(signal) : undefined;
    leaveAll(); // a signal ends a process without its `exit`
    process.kill(process.pid, signal);
  });
}

function listen(signal: NodeJS.Signals): void {
  process.off(signal, onSignal).prependListener(signal, onSignal);
}

/** Tells `leaver` when the process is about to end, by itself or by a signal, and when it ends. Returns what stops it. */
export function onProcessEnd(leaver: Leaver): () => void {
  const all = leaving();
  if (all.leavers.size === 0) {
    process.on('beforeExit', onBeforeExit);
    process.on('exit', leaveAll);
    for (const signal of signals) listen(signal);
    all.stop = () => {
      process.off('beforeExit', onBeforeExit);
      process.off('exit', leaveAll);
      for (const signal of signals) process.off(signal, onSignal);
    };
  }
  all.leavers.add(leaver);
  return () => {
    if (all.leavers.delete(leaver) && all.leavers.size === 0) all.stop();
  };
}
