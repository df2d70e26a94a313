import type { Page } from '../engine.ts';
import { until } from '../until.ts';

/** A function in source text, from JSON to JSON, that runs `act` in its caller's task. Nothing is "undefined". */
export function inPage(act: (argument: never) => unknown): string {
  return `(json) => {
    const text = (value) => JSON.stringify(value);
    const result = (${act})(json === undefined ? undefined : JSON.parse(json));
    return result instanceof Promise ? result.then(text) : text(result);
  }`;
}

/** Waits until the tab shows `address`, loaded. For drivers that lose sight of a page that leaves by itself. */
export async function shows({ evaluate }: Pick<Page, 'evaluate'>, address: string): Promise<void> {
  const shown = (): Promise<string | undefined> =>
    evaluate(() => (document.readyState === 'complete' ? location.href : undefined)).catch(() => undefined);
  if (!(await until(async () => (await shown()) === address, patienceMs))) {
    throw new Error(`The tab shows ${await shown()}, not ${address}`);
  }
}

const patienceMs = 15_000;
