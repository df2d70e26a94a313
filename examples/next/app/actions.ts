'use server';

import { putIntoCart } from '../lib/shop.ts';
import { action } from '../lib/track.ts';

export const addToCart = action(async (form: FormData): Promise<void> => {
  await putIntoCart(String(form.get('product_id')));
});
