/** Tells which page answers for which stored events, so that two tabs never send the same ones. */
export interface SenderLock {
  /**
   * Holds `name` until `release` or the end of the page; `onHeld` runs once nobody else holds it.
   * Undefined where the browser has no Web Locks: old browsers, and pages without a secure context.
   */
  hold(name: string, onHeld?: () => void): unknown;
  /** Lets go of what it holds, and at once of what it still gets. */
  letGo(): void;
}

/** Web Locks end with their page, however it ends: closed, crashed or killed. */
export function createSenderLock(): SenderLock {
  let letGo = (): void => {};
  const released = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  return {
    hold: (name, onHeld) =>
      navigator.locks
        ?.request(name, () => {
          onHeld?.();
          return released;
        })
        .catch(() => {}), // refused in a sandbox: then nothing is adopted
    letGo,
  };
}
