import { describe, expect, it, test } from 'vitest';
import { aCanonicalEvent } from './canonical-events.ts';
import { destinationContract, goldenPayloads } from './destination-contract.ts';
import { type MetaOptions, meta } from './meta.ts';

const accessToken = 'token-of-the-dataset';
const create = (endpoint: string, options: Partial<MetaOptions> = {}) =>
  meta({ datasetId: '12345', accessToken, endpoint, ...options });

const error = (code: number, error_subcode?: number, status = 400) => ({
  status,
  body: JSON.stringify({ error: { message: 'no', type: 'OAuthException', code, error_subcode, fbtrace_id: 'x' } }),
});

describe('contract', () => {
  const cases = destinationContract({
    create,
    secrets: [accessToken],
    itemsIn: ({ body }) => (JSON.parse(body) as { data: unknown[] }).data,
    success: ({ body }) => {
      const { data } = JSON.parse(body) as { data: unknown[] };
      return { status: 200, body: JSON.stringify({ events_received: data.length, messages: [], fbtrace_id: 'x' }) };
    },
    refusal: () => error(100, 2804003),
    answers: [
      { why: 'received', answer: { status: 200, body: '{"events_received":2}' }, expected: 'delivered' },
      { why: 'an invalid parameter', answer: error(100, 2804019), expected: 'split' },
      { why: 'no such dataset', answer: error(100, 33), expected: 'config' },
      { why: 'a token that has expired', answer: error(190, 463, 401), expected: 'config' },
      { why: 'no permission', answer: error(200, undefined, 403), expected: 'config' },
      { why: 'too many calls', answer: error(4), expected: 'retry' },
      { why: 'too many calls of this account', answer: error(80003), expected: 'retry' },
      { why: 'an unknown error', answer: error(1, undefined, 500), expected: 'retry' },
      { why: 'a code nobody has listed', answer: error(99_999), expected: 'retry' },
      { why: 'a page of HTML', answer: { status: 502, body: '<html>' }, expected: 'retry' },
    ],
    maxBodyBytes: 1_000_000,
    sends: ['ip', 'user agent'],
  });
  for (const { rule, check } of cases) it(rule, { timeout: 60_000 }, check);
});

test('ten events in its words', async () => {
  await expect(goldenPayloads(create('http://127.0.0.1:9'))).toMatchFileSnapshot('golden/meta.json');
});

const order = { order_id: '1', revenue: 5, currency: 'EUR' };

test.each([
  {
    why: 'a purchase without currency',
    fields: { event: 'Order Completed', properties: { revenue: 5 } },
    reason: 'no_value_or_currency',
  },
  {
    why: 'a purchase without value',
    fields: { event: 'Order Completed', properties: { currency: 'EUR' } },
    reason: 'no_value_or_currency',
  },
  {
    why: 'nobody to be found by',
    fields: {
      event: 'Order Completed',
      properties: order,
      userId: undefined,
      context: { page: { url: 'https://a.example' }, userAgent: 'x' },
    },
    reason: 'no_identifier',
  },
  {
    why: 'a website event without a page',
    fields: { event: 'Order Completed', properties: order, context: { userAgent: 'x' } },
    reason: 'no_page_or_agent',
  },
])('one bad event has all refused, so it is found before: $why', ({ fields, reason }) => {
  expect(create('http://127.0.0.1:9').map?.(aCanonicalEvent({ type: 'track', ...fields }))).toEqual({
    kind: 'dead',
    reason,
  });
});

test('a store may tell two months later', () => {
  expect([
    create('http://127.0.0.1:9').maxAgeMs,
    create('http://127.0.0.1:9', { actionSource: 'physical_store' }).maxAgeMs,
  ]).toEqual([7 * 86_400_000, 62 * 86_400_000]);
});

test("the browser's cookies and the click that led there", () => {
  const userData = (fields: object): Record<string, unknown> => {
    const mapped = create('http://127.0.0.1:9').map?.(aCanonicalEvent({ type: 'page', ...fields }));
    const [item = '{}'] = mapped?.kind === 'mapped' ? mapped.items : [];
    return (JSON.parse(item) as { user_data: Record<string, unknown> }).user_data;
  };
  const { context } = aCanonicalEvent({ type: 'page' });
  expect(userData({ integrations: { meta: { fbp: 'fb.1.1.2', fbc: 'fb.1.1.Ab' } } })).toMatchObject({
    fbp: 'fb.1.1.2',
    fbc: 'fb.1.1.Ab',
  });
  expect(userData({ context: { ...context, clickIds: { fbclid: 'AbC' } } }).fbc).toBe(
    `fb.1.${Date.parse('2026-11-20T10:00:00.123Z')}.AbC`,
  );
});

test('Limited Data Use and test events are said where they were asked for', async () => {
  const mapped = create('http://127.0.0.1:9', { hasLimitedDataUse: true }).map?.(aCanonicalEvent({ type: 'page' }));
  expect(mapped).toMatchObject({ items: [expect.stringContaining('"data_processing_options":["LDU"]')] });
});

test('a field that a host maps may come from anywhere in the event', () => {
  const mapping = { fields: { delivery_category: 'context.page.title', order_id: 'properties.number' } };
  const mapped = meta({ datasetId: '1', accessToken: 'token', mapping }).map?.(
    aCanonicalEvent({ type: 'track', event: 'Note', properties: { number: 'N-1' } }),
  );
  const [item = '{}'] = mapped?.kind === 'mapped' ? mapped.items : [];
  expect(JSON.parse(item)).toMatchObject({ custom_data: { delivery_category: 'Lamps', order_id: 'N-1' } });
});
