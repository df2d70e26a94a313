import { setTimeout as pause } from 'node:timers/promises';

const pollMs = 25;

/** Resolves with true as soon as `check` holds, with false when it did not within `patienceMs`. */
export async function until(check: () => boolean | Promise<boolean>, patienceMs: number): Promise<boolean> {
  const end = performance.now() + patienceMs;
  while (!(await check())) {
    if (performance.now() > end) return false;
    await pause(pollMs);
  }
  return true;
}

/** Waits until no request with events has come for `spanMs`, at most `patienceMs`. */
export async function quiet(
  { statuses }: { readonly statuses: { readonly length: number } },
  spanMs: number,
  patienceMs = 10_000,
): Promise<void> {
  let seen = statuses.length;
  let since = performance.now();
  await until(() => {
    if (statuses.length > seen) {
      seen = statuses.length;
      since = performance.now();
    }
    return performance.now() - since >= spanMs;
  }, patienceMs);
}
