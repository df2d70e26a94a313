/** Somebody with undelivered events. */
export interface Leaver {
  /** The process has nothing left to do: work begun here keeps it alive until it is done. May be asked again after that. */
  finish(): void;
  /** The process ends now; only what runs at once still runs. */
  leave(): void;
}

// One listener for all: Node warns on the console when many trackers each add their own.
const leavers = new Set<Leaver>();

const finishAll = (): void => {
  for (const leaver of leavers) leaver.finish();
};

const leaveAll = (): void => {
  for (const leaver of leavers) leaver.leave();
};

/** Tells `leaver` when the process is about to end by itself, and when it ends. Returns a function that stops it. */
export function onProcessEnd(leaver: Leaver): () => void {
  if (leavers.size === 0) {
    process.on('beforeExit', finishAll);
    process.on('exit', leaveAll);
  }
  leavers.add(leaver);
  return () => {
    if (!leavers.delete(leaver) || leavers.size > 0) return;
    process.off('beforeExit', finishAll);
    process.off('exit', leaveAll);
  };
}
