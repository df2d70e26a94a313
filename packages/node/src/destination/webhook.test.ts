import { generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import { aCanonicalEvent } from './canonical-events.ts';
import { destinationContract, goldenPayloads } from './destination-contract.ts';
import { isPublicAddress } from './public-address.ts';
import { createScriptedEndpoint } from './scripted-endpoint.ts';
import { uuidOf } from './stable-ids.ts';
import { signWebhook, webhook } from './webhook.ts';

const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
const create = (endpoint: string) =>
  webhook({
    url: endpoint,
    secret,
    previousSecret: 'whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=',
    allowsPrivateAddresses: true,
  });

describe('contract', () => {
  const cases = destinationContract({
    create,
    secrets: [secret.slice(6), 'ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA='],
    itemsIn: ({ body }) => [JSON.parse(body)],
    success: () => ({ status: 204 }),
    refusal: () => ({ status: 422 }),
    answers: [
      { why: '200', answer: { status: 200, body: 'ok' }, expected: 'delivered' },
      {
        why: '302 is no success, and not followed',
        answer: { status: 302, headers: { location: '/' } },
        expected: 'config',
      },
      { why: '400', answer: { status: 400 }, expected: 'dead' },
      { why: '401', answer: { status: 401 }, expected: 'config' },
      { why: '410: nobody wants it any more', answer: { status: 410 }, expected: 'config' },
      { why: '429', answer: { status: 429 }, expected: 'retry' },
      { why: '502', answer: { status: 502 }, expected: 'retry' },
    ],
    maxBodyBytes: 64 * 1024,
    sends: ['email', 'phone', 'ip', 'user agent', 'name', 'traits'],
  });
  for (const { rule, check } of cases) it(rule, { timeout: 60_000 }, check);
});

test('ten events in its words', async () => {
  await expect(goldenPayloads(create('http://127.0.0.1:9'))).toMatchFileSnapshot('golden/webhook.json');
});

test('the signature of the published example', () => {
  expect(signWebhook(secret, 'msg_demo0001', 1_700_000_000, '{"type":"track","event":"Order Completed"}')).toBe(
    'v1,BSNTNZJOmINs6P31U6/dGqNGU1oqM+jyH84TL+it8AU=',
  );
});

test('an ed25519 key signs what its public half verifies', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  const [version, signature = ''] = signWebhook(`whsk_${seed.toString('base64')}`, 'id', 1, '{}').split(',');
  expect([version, verify(null, Buffer.from('id.1.{}'), publicKey, Buffer.from(signature, 'base64'))]).toEqual([
    'v1a',
    true,
  ]);
});

test.each([
  { address: '203.0.113.7', isPublic: true },
  { address: '2001:db8::1', isPublic: true },
  { address: '127.0.0.1', isPublic: false },
  { address: '10.1.2.3', isPublic: false },
  { address: '172.31.255.255', isPublic: false },
  { address: '172.32.0.1', isPublic: true },
  { address: '192.168.1.1', isPublic: false },
  { address: '169.254.169.254', isPublic: false },
  { address: '0.0.0.0', isPublic: false },
  { address: '::1', isPublic: false },
  { address: 'fd00::1', isPublic: false },
  { address: 'fe80::1', isPublic: false },
  { address: '::ffff:10.0.0.1', isPublic: false },
  { address: '::ffff:7f00:1', isPublic: false },
  { address: 'localhost', isPublic: false },
])('$address can be reached by anybody: $isPublic', ({ address, isPublic }) => {
  expect(isPublicAddress(address)).toBe(isPublic);
});

test.each([
  { why: 'its own', messageId: 'm-1', expected: 'm-1' },
  { why: 'without the dots that part what is signed', messageId: 'm.1', expected: 'm_1' },
  { why: 'of a hash, where no header carries it', messageId: 'm\u2713', expected: uuidOf('m\u2713') },
  { why: 'of a hash, where a header is read in another way', messageId: 'é', expected: uuidOf('é') },
  { why: 'of a hash, where a header loses its end', messageId: 'm ', expected: uuidOf('m ') },
])('the id of a webhook is $why', async ({ messageId, expected }) => {
  const endpoint = await createScriptedEndpoint(() => ({ status: 204 }));
  try {
    const event = aCanonicalEvent({ type: 'track', event: 'Note', messageId });
    const { signal } = new AbortController();
    expect(await create(endpoint.url).deliver([event], { signal, items: [['{}']] })).toEqual({ kind: 'delivered' });
    expect(endpoint.received.map(({ headers }) => headers['webhook-id'])).toEqual([expected]);
  } finally {
    await endpoint.close();
  }
});

test('a name that leads into a private network is not followed', async () => {
  const destination = webhook({ url: 'https://localhost:9/', secret });
  const event = { messageId: 'm' } as never;
  await expect(
    destination.deliver([event], { signal: AbortSignal.timeout(5_000), items: [['{}']] }),
  ).rejects.toMatchObject({ code: 'PRIVATE_ADDRESS' });
});

test.each([
  {
    why: 'no secret',
    options: { url: 'https://a.example' },
    message: 'webhook: secret: expected whsec_… or whsk_… with base64, got undefined',
  },
  {
    why: 'a secret of another shape is not shown',
    options: { url: 'https://a.example', secret: 'sk_live_1' },
    message: 'webhook: secret: expected whsec_… or whsk_… with base64, got another text',
  },
  {
    why: 'plain http',
    options: { url: 'http://a.example', secret },
    message: 'webhook: url: expected https and a public address, or allowsPrivateAddresses: true',
  },
  {
    why: 'an address inside',
    options: { url: 'https://[::1]/', secret },
    message: 'webhook: url: expected https and a public address, or allowsPrivateAddresses: true',
  },
  {
    why: 'an option nobody knows',
    options: { url: 'https://a.example', secret, retries: 3 },
    message:
      'webhook: unknown option "retries"; known are url, secret, previousSecret, allowsPrivateAddresses, name, maxAgeMs, resendsUnconfirmed, endpoint, requires, accepts, mapping, limits',
  },
  {
    why: 'an option that is nearly right',
    options: { url: 'https://a.example', secret, limit: {} },
    message:
      'webhook: unknown option "limit"; did you mean "limits"?; known are url, secret, previousSecret, allowsPrivateAddresses, name, maxAgeMs, resendsUnconfirmed, endpoint, requires, accepts, mapping, limits',
  },
])('refuses at set-up: $why', ({ options, message }) => {
  expect(() => webhook(options as never)).toThrow(new TypeError(message));
});
