'use client';

import { useTrack } from '@org/track-browser/react';
import { type ReactNode, useState } from 'react';
import type { plan } from '../lib/plan.ts';

export function Buy(): ReactNode {
  const track = useTrack<typeof plan>();
  const [orderId, setOrderId] = useState('');

  async function buy(): Promise<void> {
    track('Product Viewed', { product_id: 'lamp' });
    const response = await fetch('/orders', { method: 'POST' });
    const { order_id } = (await response.json()) as { order_id: string };
    track('Order Completed', { order_id }, { messageId: `order-${order_id}` });
    setOrderId(order_id);
  }

  return (
    <p>
      <button id="buy" type="button" onClick={buy}>
        Buy a lamp
      </button>{' '}
      <output id="order">{orderId}</output>
    </p>
  );
}
