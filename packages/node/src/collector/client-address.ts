import { isIP, isIPv4 } from 'node:net';

/** What of an address is kept. `truncated`: IPv4 without its last number, IPv6 its first 48 bits. */
export type AddressPolicy = 'truncated' | 'full' | 'none';

/**
 * Where a request came from: the connection's address, or behind proxies what the farthest one we trust says it saw.
 * What stands further left in `X-Forwarded-For` anybody may have written.
 */
export function clientAddress(
  remoteAddress: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: number,
): string | undefined {
  const hops = [...(forwardedFor?.split(',') ?? []), remoteAddress ?? ''].map((hop) => hop.trim());
  const address = hops.at(-1 - trustedProxies) ?? hops[0];
  return address === undefined ? undefined : plainAddress(address);
}

/** The part of an address that may be kept; nothing for what is no address. */
export function keptAddress(address: string | undefined, policy: AddressPolicy): string | undefined {
  const plain = address === undefined ? undefined : plainAddress(address);
  if (plain === undefined || policy === 'none') return undefined;
  if (policy === 'full') return plain;
  return isIPv4(plain) ? plain.replace(/\d+$/, '0') : networkOf(plain, 3);
}

/** Our own network and this machine: a proxy in front, a backend beside us. https://www.rfc-editor.org/rfc/rfc6890 */
const ownNetwork = /^(?:(?:10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.|::1$|f[cd]|fe[89ab])/i;

/**
 * Whom an address counts for where senders are limited: an IPv6 network of 64 bits is one household. Nobody for an
 * address of our own network: all visitors of a site come from one that stands behind a proxy we were not told of.
 */
export function limitedSender(address: string | undefined): string | undefined {
  if (address === undefined || ownNetwork.test(address)) return undefined;
  return isIPv4(address) ? address : networkOf(address, 4);
}

/** The first `groups` groups (16 bits) of an IPv6 address. */
function networkOf(address: string, groups: number): string {
  const [left = '', right] = address.split('::');
  const before = left === '' ? [] : left.split(':');
  const after = right === undefined || right === '' ? [] : right.split(':');
  const zeros = right === undefined ? [] : new Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  const network = [...before, ...zeros, ...after]
    .slice(0, groups)
    .map((part) => Number.parseInt(part, 16).toString(16));
  return `${network.join(':').replace(/(?:^|:)0(?::0)*$/, '')}::`;
}

/** Without brackets, port, zone and the IPv6 clothing of an IPv4 address. */
function plainAddress(address: string): string | undefined {
  if (isIPv4(address)) return address; // as nearly all are
  const bare = address
    .replace(/^\[(.*)\](?::\d+)?$/, '$1')
    .replace(/^([\d.]+):\d+$/, '$1')
    .replace(/%.*$/, '');
  const mapped = /^::ffff:([\d.]+)$/i.exec(bare)?.[1];
  const plain = mapped ?? bare;
  return isIP(plain) === 0 ? undefined : plain;
}
