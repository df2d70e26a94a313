/** Time as the engine sees it: it reads no other and sets no other timer. */
export interface Clock {
  /** Wall clock, whole epoch milliseconds. For timestamps only: it jumps when a device corrects its clock. */
  now(): number;
  /** Milliseconds since an arbitrary start, never going back. For waits and durations. */
  elapsed(): number;
  /** Runs `task` once, `delayMs` from now. Returns a function that cancels it. */
  after(delayMs: number, task: () => void): () => void;
}
