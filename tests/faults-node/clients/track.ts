import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import type { WireEvent, WireRequest } from '../../faults/client.ts';
import type { ServerClientUnderTest } from '../client.ts';

interface Batch {
  readonly batch?: readonly { readonly messageId: string; readonly properties?: { readonly marker?: string } }[];
}

const manifest = createRequire(import.meta.url).resolve('@org/track-node/package.json');
const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };

function decode({ method, body }: WireRequest): readonly WireEvent[] {
  if (method !== 'POST' || body.length === 0) return [];
  const plain = body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body;
  const { batch = [] } = JSON.parse(new TextDecoder().decode(plain)) as Batch;
  return batch.flatMap(({ messageId, properties }) =>
    properties?.marker === undefined ? [] : [{ id: properties.marker, messageId }],
  );
}

/** Events wait in memory. */
export const track: ServerClientUnderTest = {
  name: 'track',
  version,
  setup: new URL('../setup/track.ts', import.meta.url),
  isDurable: false,
  decode,
};

/** Events wait in memory and in a SQLite file. */
export const trackDurable: ServerClientUnderTest = {
  ...track,
  name: 'track-durable',
  setup: new URL('../setup/track-durable.ts', import.meta.url),
  isDurable: true,
};
