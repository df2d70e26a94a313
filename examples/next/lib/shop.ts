import { setTimeout as sleep } from 'node:timers/promises';
import { tracker } from './track.ts';

/** Know nothing of requests; their events have the visitor all the same. */
export async function putIntoCart(productId: string): Promise<void> {
  await sleep(5); // a database
  tracker.track('Product Added', { product_id: productId });
}

let orders = 0;

export async function placeOrder(): Promise<string> {
  const orderId = `o${Date.now()}-${++orders}`;
  await sleep(5);
  // The page tells it too, under the same id: whoever comes first, it counts once.
  tracker.track('Order Completed', { order_id: orderId }, { messageId: `order-${orderId}` });
  return orderId;
}
