import type { CollectedEvent, JsonObject } from '@org/track-core';

/** Everybody in here is made up. */
const person = {
  anonymousId: '01934880-7f3c-7a11-8000-00000000a11a',
  userId: 'user-42',
} as const;

const traits: JsonObject = {
  email: ' Ada.Sample@Example.com ',
  phone: '+1 (555) 010-0123',
  firstName: ' Ada ',
  lastName: 'Sample',
  plan: 'gold',
  createdAt: '2026-01-02T03:04:05.000Z',
};

const lamp: JsonObject = {
  product_id: 'SKU-7',
  name: 'Desk lamp',
  brand: 'Lumo',
  category: 'Home/Lighting',
  variant: 'brass',
  price: 21.5,
  quantity: 2,
  position: 1,
};

const order: JsonObject = {
  order_id: 'ORD-1001',
  total: 56.5,
  revenue: 43,
  tax: 8.6,
  shipping: 4.9,
  currency: 'EUR',
  coupon: 'SPRING',
  products: [lamp],
};

let made = 0;

/** An event as the collector hands it on: with page, session, consent to everything, and time. */
export function aCanonicalEvent(fields: object): CollectedEvent {
  const place = String(++made).padStart(12, '0');
  return {
    messageId: `0193488c-5c1e-7d2a-9a3b-${place}`,
    ...person,
    timestamp: '2026-11-20T10:00:00.123Z',
    originalTimestamp: '2026-11-20T10:00:00.123Z',
    receivedAt: '2026-11-20T10:00:01.000Z',
    sentAt: '2026-11-20T10:00:00.900Z',
    source: 'server',
    context: {
      library: { name: '@org/track-browser', version: '1.0.0' },
      page: {
        url: 'https://shop.example.com/lamps?utm_source=mail',
        path: '/lamps',
        search: '?utm_source=mail',
        title: 'Lamps',
        referrer: 'https://news.example.com/',
      },
      session: { id: '0193488b-0000-7000-8000-000000000001' },
      consent: { categoryPreferences: { functional: true, analytics: true, advertising: true } },
      locale: 'pt-PT',
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Example/1.0',
      ip: '203.0.113.7',
      traits,
    },
    ...fields,
  } as CollectedEvent;
}

/** One of each call, and the orders' way through a shop: what every destination is shown in its golden payloads. */
export function canonicalEvents(): readonly CollectedEvent[] {
  made = 0;
  return [
    { type: 'page', name: 'Lamps', category: 'Shop', properties: { theme: 'dark' } },
    {
      type: 'track',
      event: 'Invoice Paid',
      properties: { invoice: 'I-7', amount: 12.5, is_late: false, tags: ['a', 'b'] },
    },
    { type: 'identify', traits },
    { type: 'group', groupId: 'acme', traits: { name: 'Acme', employees: 12 } },
    { type: 'alias', previousId: person.anonymousId },
    { type: 'track', event: 'Product Viewed', properties: { ...lamp, currency: 'EUR' } },
    { type: 'track', event: 'Product Added', properties: { ...lamp, cart_id: 'C-1', currency: 'EUR' } },
    { type: 'track', event: 'Checkout Started', properties: order },
    { type: 'track', event: 'Order Completed', properties: order },
    { type: 'track', event: 'Order Refunded', properties: { order_id: 'ORD-1001', total: 56.5, currency: 'EUR' } },
  ].map(aCanonicalEvent);
}
