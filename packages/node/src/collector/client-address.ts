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
  if (isIPv4(plain)) return plain.replace(/\d+$/, '0');
  const [left = '', right] = plain.split('::');
  const before = left === '' ? [] : left.split(':');
  const after = right === undefined || right === '' ? [] : right.split(':');
  const zeros = right === undefined ? [] : new Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  const network = [...before, ...zeros, ...after].slice(0, 3).map((part) => Number.parseInt(part, 16).toString(16));
  return `${network.join(':').replace(/(?:^|:)0(?::0)*$/, '')}::`;
}

/** Without brackets, zone and the IPv6 clothing of an IPv4 address. */
function plainAddress(address: string): string | undefined {
  const bare = address.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/%.*$/, '');
  const mapped = /^::ffff:([\d.]+)$/i.exec(bare)?.[1];
  const plain = mapped ?? bare;
  return isIP(plain) === 0 ? undefined : plain;
}
