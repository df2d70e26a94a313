/** Time as the SDK sees it. Nothing else reads the time or sets a timer. */
export interface Clock {
  /** Wall clock, epoch milliseconds. For timestamps only: it jumps when a device corrects its clock. */
  now(): number;
  /** Milliseconds since an arbitrary start, never going back. For waits and durations. */
  elapsed(): number;
  /** Runs `task` once, `delayMs` from now. Returns a function that cancels it. */
  after(delayMs: number, task: () => void): () => void;
}
