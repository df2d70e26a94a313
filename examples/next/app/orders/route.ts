import { placeOrder } from '../../lib/shop.ts';
import { route } from '../../lib/track.ts';

export const POST = route(async (): Promise<Response> => Response.json({ order_id: await placeOrder() }));
