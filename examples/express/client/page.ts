import { createTracker, pageViews } from '@org/track-browser';
import type { plan } from '../plan.ts';

const tracker = createTracker<typeof plan>({ endpoint: '/api/j', capture: [pageViews()] });

document.querySelector('#agree')?.addEventListener('click', () => tracker.consent.set({ analytics: true }));

document.querySelector('#buy')?.addEventListener('click', async () => {
  tracker.track('Product Added', { product_id: 'lamp' });
  const response = await fetch('/orders', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ product_id: 'lamp' }),
  });
  const { order_id } = (await response.json()) as { order_id: string };
  tracker.track('Order Completed', { order_id, total: 9.9 }, { messageId: `order-${order_id}` });
  const output = document.querySelector('#order');
  if (output) output.textContent = order_id;
});
