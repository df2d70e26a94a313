/** Longer than any wait: the timer below never has anything to do. Milliseconds, the most that Node's timers know. */
const longMs = 2_147_483_647;

/**
 * Keeps the process alive until `task` is over. Our own timers do not: a host that waits for us while nothing else is
 * left to do would be ended in the middle, with exit code 13 where it awaits at its top level.
 */
export async function holdProcess<T>(task: Promise<T>): Promise<T> {
  const hold = setInterval(() => {}, longMs);
  try {
    return await task;
  } finally {
    clearInterval(hold);
  }
}
