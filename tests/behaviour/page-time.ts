import type { BrowserContext } from 'playwright';

/** The time of all pages of a browser: it stands still unless told to go on. */
export interface PageTime {
  /** Epoch milliseconds. */
  now(): number;
  /** Lets this much time pass, with every timer that ends in it. */
  pass(ms: number): Promise<void>;
  /** Sets the wall clock, as a person or a time server does. No timer notices. */
  set(epochMs: number): Promise<void>;
  /** From now on time passes by itself. */
  goOn(): Promise<void>;
}

/** Stops the time of pages that are open and of those to come. Requests and storage still take the time they take. */
export async function stopTime({ clock }: BrowserContext): Promise<PageTime> {
  let now = Date.parse('2026-06-01T12:00:00Z');
  await clock.install({ time: now - 60_000 });
  await clock.pauseAt(now); // exactly: it can be told to stop only in the future
  return {
    now: () => now,
    async pass(ms) {
      now += ms; // first: a server may be asked what time it is before the page has told that it passed
      await clock.runFor(ms);
    },
    async set(epochMs) {
      await clock.setSystemTime(epochMs);
      now = epochMs;
    },
    goOn: () => clock.resume(),
  };
}
