import { setTimeout as sleep } from 'node:timers/promises';
import type { Collector, Receipt } from '@org/track-node';
import type { Context } from 'hono';
import type { plan } from './plan.ts';

/** The server's tracker, with the shop's plan: only planned events, with their properties. */
export type ShopTracker = Collector<typeof plan>['tracker'];

/** How long an answer to a visitor waits for our books, milliseconds. The event itself is kept and tried on. */
const patienceMs = 1_000;

/**
 * Waits until the event is on disk and says so in the response, header `Shop-Recorded`. Resolves also if it is not: no
 * consent, or a log in trouble, is no reason to keep a customer waiting.
 */
export async function recorded(c: Context, receipt: Receipt): Promise<void> {
  const isDurable = await Promise.race([receipt.durable, sleep(patienceMs, false, { ref: false })]);
  if (isDurable) c.header('Shop-Recorded', receipt.messageId, { append: true });
}
