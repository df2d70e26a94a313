import { createHmac, createPrivateKey, type KeyObject, sign as signBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { type DestinationFactory, type DestinationOptions, defineDestination } from './define-destination.ts';
import { outcomeOfStatus } from './http-exchange.ts';
import { renamed } from './mapping.ts';
import { isPublicAddress, publicLookup } from './public-address.ts';
import { uuidOf } from './stable-ids.ts';

export interface WebhookOptions extends DestinationOptions {
  /** Where events are posted to, one a request. */
  readonly url: string;
  /** `whsec_…` signs with HMAC-SHA256, `whsk_…` with ed25519. https://www.standardwebhooks.com */
  readonly secret: string;
  /** The secret before that one: requests carry both signatures while receivers change over. */
  readonly previousSecret?: string;
  /** Also plain http, and addresses of your own network: for receivers of your own only. Default false. */
  readonly allowsPrivateAddresses?: boolean;
}

/** `ed25519` private keys in PKCS 8 begin so; the 32 bytes of the seed follow. https://www.rfc-editor.org/rfc/rfc8410 */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');
const seedBytes = 32;
const minSecretBytes = 24;

/**
 * Signs as Standard Webhooks says: `v1,…` or, for a `whsk_` key, `v1a,…`.
 *
 * @param timestamp - seconds since the epoch
 */
export function signWebhook(secret: string, id: string, timestamp: number, body: string): string {
  const signed = `${id}.${timestamp}.${body}`;
  const key = keyOf(secret);
  if (Buffer.isBuffer(key)) return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  return `v1a,${signBytes(null, Buffer.from(signed), key).toString('base64')}`;
}

function keyOf(secret: string): Buffer | KeyObject {
  const bytes = Buffer.from(secret.slice(secret.indexOf('_') + 1), 'base64');
  if (bytes.length < minSecretBytes) throw new TypeError('webhook: secret: expected at least 24 bytes in base64');
  if (secret.startsWith('whsec_')) return bytes;
  const key = Buffer.concat([pkcs8Head, bytes.subarray(0, seedBytes)]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

const secretPattern = [/^wh(sec|sk)_[A-Za-z0-9+/]+=*$/, 'whsec_… or whsk_… with base64'] as const;

/** Posts every event, signed, to an address of yours. */
export const webhook: DestinationFactory<WebhookOptions> = defineDestination<WebhookOptions>({
  name: 'webhook',
  title: 'Webhook, signed (Standard Webhooks)',
  docs: 'https://www.standardwebhooks.com',
  requires: [],
  idempotency: 'keyed',
  deduplication: 'by `webhook-id`, the `messageId`, as long as the receiver remembers it',
  order: 'person',
  limits: { maxEvents: 1, concurrency: 8, timeoutMs: 15_000, maxWaitMs: 0 },
  sends: ['email', 'phone', 'ip', 'user agent', 'name', 'traits'],
  settings: {
    url: { kind: 'url', isRequired: true, text: 'Where events are posted to, one a request; https' },
    secret: { kind: 'secret', isRequired: true, pattern: secretPattern, text: 'Signs requests' },
    previousSecret: { kind: 'secret', pattern: secretPattern, text: 'Signs too while receivers change over' },
    allowsPrivateAddresses: {
      kind: 'flag',
      standard: '`false`',
      text: 'Also plain http and your own network: for receivers of your own only',
    },
  },
  mapping: { events: {}, fields: {}, products: {} },
  notes: [
    'The body is `{ type, timestamp, data }`: `type` is `track.order_completed`, `data` the event. Answer 2xx within 15 seconds; redirects are not followed. Addresses of private networks are refused, again at every request, after the name was looked up.',
  ],
  connect({ url, endpoint = url, secret, previousSecret, allowsPrivateAddresses = false }, words) {
    const secrets = [secret, ...(previousSecret === undefined ? [] : [previousSecret])];
    for (const each of secrets) keyOf(each);
    const { protocol, hostname } = new URL(endpoint);
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    if (!allowsPrivateAddresses && (protocol !== 'https:' || (isIP(host) !== 0 && !isPublicAddress(host)))) {
      throw new TypeError('webhook: url: expected https and a public address, or allowsPrivateAddresses: true');
    }
    return {
      map(event) {
        const data = renamed(event, words);
        if (data === null) return { kind: 'dropped', reason: 'filtered' };
        return { kind: 'mapped', items: [JSON.stringify({ type: typeOf(data), timestamp: data.timestamp, data })] };
      },
      request({ events, items: [body = ''] }) {
        const id = webhookIdOf(events[0]?.messageId ?? '');
        const timestamp = Math.floor(Date.now() / 1_000);
        return {
          url: endpoint,
          headers: {
            'content-type': 'application/json',
            'webhook-id': id,
            'webhook-timestamp': String(timestamp),
            'webhook-signature': secrets.map((each) => signWebhook(each, id, timestamp, body)).join(' '),
          },
          body,
          ...(allowsPrivateAddresses ? {} : { lookup: publicLookup }),
        };
      },
      outcomeOf: (reply) => outcomeOfStatus(reply),
    };
  },
});

/** Dots part what is signed, so none may be in it; nor what a header cannot carry, or not as it is. */
function webhookIdOf(messageId: string): string {
  return /^[!-~]+$/.test(messageId) ? messageId.replaceAll('.', '_') : uuidOf(messageId);
}

/** `track.order_completed`: dots and letters that every receiver can route by. */
function typeOf(event: { readonly type: string; readonly event?: string }): string {
  const slug = (event.event ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return slug === '' ? event.type : `${event.type}.${slug}`;
}
