/** Tells which page answers for which stored events, so that two tabs never send the same ones. */
export interface SenderLock {
  /**
   * Holds `name` until `release` or the end of the page; `onHeld` runs once nobody else holds it.
   * False where the browser has no Web Locks: old browsers, and pages without a secure context.
   */
  hold(name: string, onHeld?: () => void): boolean;
  /** Lets go of what it holds and stops waiting for the rest. */
  release(): void;
}

/** Web Locks end with their page, however it ends: closed, crashed or killed. */
export function createSenderLock(): SenderLock {
  const controller = new AbortController();
  const { signal } = controller;
  const released = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

  return {
    hold(name, onHeld) {
      const { locks } = navigator;
      locks
        ?.request(name, { signal }, () => {
          onHeld?.();
          return released;
        })
        .catch(() => {}); // released while waiting, or refused in a sandbox: then nothing is adopted
      return Boolean(locks);
    },
    release: () => controller.abort(),
  };
}
