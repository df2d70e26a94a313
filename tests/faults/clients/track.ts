import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ClientUnderTest, WireEvent, WireRequest } from '../client.ts';

interface Batch {
  readonly batch?: readonly { readonly messageId: string; readonly properties?: { readonly marker?: string } }[];
}

const manifest = createRequire(import.meta.url).resolve('@org/track-browser/package.json');
const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };

/** The script-tag build, as published. */
export const track: ClientUnderTest = trackClient('track', '');

/** The same with the part that parks what nobody answers. */
export const trackWithDeliveryState: ClientUnderTest = trackClient('track-delivery-state', 'orgTrack.deliveryState()');

/** The same with the parts that leave requests to the browser, pack batches, and send at once what is not stored. */
export const trackWithParts: ClientUnderTest = trackClient(
  'track-with-parts',
  'orgTrack.deferred(), orgTrack.compressed(), orgTrack.eager()',
);

function trackClient(name: string, delivery: string): ClientUnderTest {
  const setUp = `
const isPending = new URLSearchParams(location.search).get('consent') === 'pending';
const tracker = orgTrack.createTracker({
  endpoint: '/api/j',
  delivery: [${delivery}],
  consent: isPending ? {} : { initial: { analytics: true } },
});
const receipts = [];
window.client = {
  track: (marker, sizeBytes) =>
    void receipts.push(tracker.track('Fault Met', { marker, text: incompressible(sizeBytes) })),
  flush: () => tracker.flush(),
  stored: () => Promise.all(receipts.map(({ durable }) => durable)),
  consent: (analytics) => tracker.consent.set({ analytics }),
};`;
  return {
    name,
    version,
    async bundle() {
      const built = await readFile(join(dirname(manifest), 'dist/track-browser.iife.js'), 'utf8');
      return `${built}\n${setUp}`;
    },
    decode({ body }: WireRequest): readonly WireEvent[] {
      if (body.length === 0) return [];
      const plain = body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body;
      const { batch = [] } = JSON.parse(new TextDecoder().decode(plain)) as Batch;
      return batch.flatMap(({ messageId, properties }) =>
        properties?.marker === undefined ? [] : [{ id: properties.marker, messageId }],
      );
    },
  };
}
