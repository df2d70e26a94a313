import type { ReactNode } from 'react';
import { visitorOf } from '../lib/track.ts';
import { addToCart } from './actions.ts';
import { Buy } from './buy.tsx';

export default async function Page(): Promise<ReactNode> {
  const visitor = await visitorOf('/');
  visitor.track('Offer Shown', { offer_id: 'summer' });
  return (
    <main>
      <h1>Shop</h1>
      <form action={addToCart}>
        <input type="hidden" name="product_id" value="lamp" />
        <button id="add" type="submit">
          Put a lamp into the cart
        </button>
      </form>
      <Buy />
    </main>
  );
}
