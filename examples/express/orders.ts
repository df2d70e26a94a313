import { setTimeout as sleep } from 'node:timers/promises';
import { tracker } from './track.ts';

let orders = 0;

/** Knows nothing of requests, and yet its events have the visitor's id, session, consent, address and page. */
export async function placeOrder(productId: string): Promise<string> {
  const orderId = `o${Date.now()}-${++orders}`;
  await reserveStock(productId);
  // The page tells it too, under the same id: whoever comes first, it counts once.
  tracker.track('Order Completed', { order_id: orderId, total: 9.9 }, { messageId: `order-${orderId}` });
  return orderId;
}

async function reserveStock(productId: string): Promise<void> {
  await sleep(5); // a database, another service
  tracker.track('Stock Reserved', { product_id: productId });
}
