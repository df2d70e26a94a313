/** An event as an SDK sends it; some are odd on purpose. */
export type SentEvent = { readonly messageId: string } & Record<string, unknown>;

export interface Generated {
  readonly events: readonly SentEvent[];
  /** Persons with events of their own, some of them on devices that others had too. */
  readonly persons: readonly string[];
}

/** Of a hundred events so many are sent again, half of them with other content. */
const duplicatePercent = 5;
/** Of a hundred so many say something odd. */
const oddPercent = 1;

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What hosts say that was not meant so: the same field of another type, and what databases do not like. */
const oddities: readonly ((event: Record<string, unknown>) => object)[] = [
  () => ({ properties: { n: 0, price: '9,90', quantity: 'three', coupon: { code: 'x' } } }),
  () => ({ properties: { price: { amount: 9 }, quantity: true, coupon: ['a', null, {}] } }),
  () => ({ properties: { price: 1e308, quantity: -1e-308, total: 5e-324, items: 2 ** 53 + 2, tax: -0, sum: 1e21 } }),
  () => ({ properties: { text: 'zero \0 in it', 'key \0': 1, 'key \ufffd': 2 } }),
  () => ({ properties: { text: 'half \ud83d of it', '\udc00 key': '\\u0000 \\ud83d', nested: [{ a: '\ud800' }] } }),
  () => ({ properties: { text: `"quotes' \\ {braces}, \n lines \u2028 and \t tabs`, empty: '', none: null } }),
  () => ({ properties: { '': 1, '$.a': 2, 'a.b': 3, "it's": 4, NULL: null, list: [[], [[]], {}] } }),
  () => ({
    properties: { long: 'ü'.repeat(4_000), wide: Object.fromEntries(Array.from({ length: 200 }, (_, n) => [n, n])) },
  }),
  () => ({ event: 'zero \0 in a name', userId: 'half \ud83d', context: { locale: 'd\0e' } }),
  () => ({ context: { page: 'home', session: null, ip: 4, locale: [], userAgent: {} } }),
  () => ({ context: { page: { url: 7, path: {}, title: '', referrer: null }, session: { id: 12 } } }),
  () => ({ context: [] }),
  () => ({ context: 'nothing' }),
  () => ({ properties: null, traits: null, integrations: { All: true, other: { a: '\0' } } }),
  () => ({ properties: [1, 2], traits: { a: 1 } }),
  () => ({ name: 7, category: { a: 1 }, groupId: ['g'], previousId: 4 }),
  () => ({ timestamp: 'yesterday' }),
  () => ({ timestamp: '1850-01-01T00:00:00.000Z' }),
  () => ({ timestamp: '0001-01-01T00:00:00.000Z' }),
  () => ({ timestamp: '-000500-01-01T00:00:00.000Z' }),
  () => ({ timestamp: '9999-12-31T23:59:59.999Z' }),
  () => ({ timestamp: '+020000-01-01T00:00:00.000Z' }),
  () => ({ timestamp: '2026-02-31T25:00:00Z' }),
  () => ({ timestamp: '2026-03-01T10:00:00.123456789+05:30' }),
  () => ({ timestamp: 1_772_000_000_000 }),
  (event) => ({ messageId: `${event.messageId} \0` }),
  (event) => ({ messageId: `${event.messageId} \ud83d` }),
  (event) => ({ messageId: `${event.messageId} Ω 😀 it's "x"` }),
  () => ({ anonymousId: 'a'.repeat(512), userId: 'ü'.repeat(512) }),
  () => ({ anonymousId: '', userId: null }),
  () => ({ originalTimestamp: 'claimed', sentAt: 7, receivedAt: 'now', source: 'mine' }),
];

const names = ['Product Viewed', 'Product Added', 'Order Completed', 'Ünïcödé 😀', "it's"];

/** So many events of a shop's people, their order the order in which they are sent. */
export function generateEvents(count: number, seed: number): Generated {
  const random = seeded(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const people = Math.max(20, Math.floor(count / 50));
  const startedAt = Date.UTC(2026, 0, 1);
  const events: SentEvent[] = [];
  for (let n = 0; n < count; n++) {
    if (n > 100 && below(100) < duplicatePercent) {
      const again = events[below(n)] as SentEvent;
      const other = { event: 'said again', properties: { n: -n }, timestamp: '2026-11-01T00:00:00.000Z' };
      events.push(below(2) === 0 || again.type !== 'track' ? again : { ...again, ...other });
      continue;
    }
    const person = below(people);
    const device = below(10) === 0 ? 'tablet in the hall' : `device-${person}`;
    const isKnown = below(3) > 0;
    const event: SentEvent = {
      messageId: `m${String(n).padStart(7, '0')}`,
      timestamp: new Date(startedAt + n * 1_000 + below(1_000)).toISOString(),
      anonymousId: device,
      ...(isKnown ? { userId: `user-${person}` } : {}),
      context: {
        page: { path: `/p/${below(50)}`, url: `https://shop.example/p/${below(50)}?q=${n}`, title: `Page ${below(9)}` },
        session: { id: `s-${person}-${below(3)}` },
        locale: ['de-DE', 'en-GB', 'ja-JP'][below(3)],
      },
      ...kindOf(below(20), person, {
        n,
        price: below(10_000) / 100,
        quantity: below(5),
        product_id: `p${below(500)}`,
        coupon: below(4) === 0 ? 'SPRING' : null,
        tags: ['a', 'b', { c: below(3) }],
      }),
    };
    const oddity = below(100) < oddPercent ? oddities[below(oddities.length)] : undefined;
    events.push(oddity === undefined ? event : { ...event, ...oddity(event) });
  }
  return { events, persons: Array.from({ length: people }, (_, person) => `user-${person}`) };
}

function kindOf(roll: number, person: number, properties: object): object {
  if (roll === 0) return { type: 'identify', userId: `user-${person}`, traits: { plan: 'pro', age: person } };
  if (roll === 1) return { type: 'page', name: `Page ${person % 7}`, category: 'shop', properties };
  if (roll === 2) return { type: 'group', groupId: `group-${person % 5}`, traits: { seats: person } };
  if (roll === 3) return { type: 'alias', userId: `user-${person}`, previousId: `device-${person}` };
  return { type: 'track', event: names[roll % names.length], properties };
}
