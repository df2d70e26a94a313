import { gunzipSync } from 'node:zlib';
import { installedServerPeers } from '../../../bench/node/peers.ts';
import { idPattern, type WireRequest } from '../../faults/client.ts';
import type { ServerClientUnderTest } from '../client.ts';

/** The other trackers. The first call installs them, from their lockfile. */
export async function serverPeers(): Promise<readonly ServerClientUnderTest[]> {
  const installed = await installedServerPeers();
  return installed.map(({ name, version, setup, thanks }) => ({
    name,
    version,
    setup,
    isDurable: false,
    decode: (request) => idsIn(request).map((id) => ({ id })),
    answer: () =>
      new Response(thanks, { headers: { 'content-type': thanks[0] === '{' ? 'application/json' : 'text/plain' } }),
  }));
}

/** Each tracker wraps its events in a way of its own: plain JSON, gzip, base64 in an address. */
function idsIn({ body, url }: WireRequest): readonly string[] {
  const isGzip = body[0] === 0x1f && body[1] === 0x8b;
  const text = new TextDecoder().decode(isGzip ? gunzipSync(body) : body);
  const plain = text.match(idPattern);
  if (plain !== null) return plain;
  const data = url.searchParams.get('data') ?? '';
  return Buffer.from(data, 'base64').toString('utf8').match(idPattern) ?? [];
}
