import { setTimeout as sleep } from 'node:timers/promises';

/** The demo, as the driver reaches it: it may be killed and come back at any time. */
export interface Server {
  readonly url: string;
  /** How often it was found to be away. */
  readonly absences: number;
  /** Resolves when it answers; rejects when it has been away for too long. */
  untilUp(): Promise<void>;
  /** Where its pages send events, as they say it themselves. */
  endpoint(): Promise<string>;
  /** JSON from a path; waits for the server if it is away. */
  json<T>(path: string): Promise<T>;
}

const patienceMs = 60_000;
const pollMs = 250;

export function createServer(url: string): Server {
  let absences = 0;
  let waiting: Promise<void> | undefined; // shared: one absence, however many visitors notice

  const isUp = (): Promise<boolean> =>
    fetch(`${url}/assets/styles.css`, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => response.ok,
      () => false,
    );

  async function wait(): Promise<void> {
    if (await isUp()) return;
    absences++;
    const until = performance.now() + patienceMs;
    while (performance.now() < until) {
      await sleep(pollMs);
      if (await isUp()) return;
    }
    throw new Error(`${url} has not answered for ${patienceMs / 1_000} seconds. Is the demo running (npm start)?`);
  }

  const untilUp = (): Promise<void> => {
    waiting ??= wait().finally(() => {
      waiting = undefined;
    });
    return waiting;
  };

  async function ask(path: string, headers: Record<string, string> = {}): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await fetch(url + path, { headers, signal: AbortSignal.timeout(30_000) });
        const text = await response.text();
        if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
        return text;
      } catch (error) {
        if (attempt === 5) throw error;
        await sleep(pollMs);
        await untilUp();
      }
    }
  }

  return {
    url,
    get absences() {
      return absences;
    },
    untilUp,
    async endpoint() {
      // A script asks, so it is no page view.
      const page = await ask('/privacy', { 'sec-fetch-dest': 'empty' });
      const [, path] = /data-endpoint="([^"]+)"/.exec(page) ?? [];
      if (path === undefined) throw new Error(`${url} does not say where it takes events.`);
      return url + path;
    },
    json: async <T>(path: string): Promise<T> => JSON.parse(await ask(path)) as T,
  };
}
