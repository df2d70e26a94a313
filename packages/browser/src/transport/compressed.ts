import { type Entry, envelopeBody, type SendOutcome } from '@org/track-core';
import { watchPage } from '../runtime/page-lifecycle.ts';
import type { CarryFirst, DeliveryPage, DeliveryPart } from './delivery-part.ts';

/** Batches of fewer bytes travel as they are: they fit in a packet or two, and packing would only cost time. */
const minBytes = 2_048;

/** How long packing may take, milliseconds; it takes about one. */
const packingPatienceMs = 1_000;

/** So many packed batches in a row may fail before packing is taken for the reason. */
const chancesOfPacking = 2;

/**
 * Packs batches of 2 KiB and more with gzip, typically to less than a fifth: a slow line carries them sooner, and more of
 * them may be under way when the page ends. The collector knows them by their first bytes: no header is needed, and so
 * no CORS pre-flight.
 *
 * Packing takes time, in a task of its own. So all that leaves when the page ends or is hidden travels plain, also what is
 * being packed just then. Second tries are plain, and so is everything else on this page once packing failed, or
 * something on the way has refused what it cannot read: no event is lost to it.
 */
export const compressed = (): DeliveryPart => {
  let chances = chancesOfPacking;

  return ((next, page) => ({
    async send(entries, options) {
      const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
      if (chances < 1 || options.exit || options.attempt || document.hidden || bytes < minBytes) {
        return next.send(entries, options);
      }
      const body = await pack(entries, page);
      if (body === 'too-late') return next.send(entries, { ...options, exit: true });
      if (body === 'failed') chances = 0;
      if (body === 'failed' || body.length >= bytes) return next.send(entries, options);
      let outcome: SendOutcome | undefined;
      try {
        outcome = await next.send(entries, { ...options, body, bytes: body.length });
      } finally {
        if (outcome?.kind === 'delivered') chances = chancesOfPacking;
        else if (!isAboutSomethingElse(outcome)) chances--;
      }
      if (outcome.kind !== 'dead' || isAboutSomethingElse(outcome)) return outcome;
      chances = 0;
      return next.send(entries, options);
    },
  })) satisfies CarryFirst as DeliveryPart;
};

/** Whoever asks for less at once, or names a time to come back, has read the batch or will. */
function isAboutSomethingElse(outcome: SendOutcome | undefined): boolean {
  return outcome?.kind === 'dead'
    ? outcome.reason === 'too-large'
    : outcome?.kind === 'retry' && !!outcome.retryAfterMs;
}

/** The packed envelope. `too-late`: the page may end now, which cannot wait for it. */
function pack(
  entries: readonly Entry[],
  { clock, writeKey }: DeliveryPage,
): Promise<Uint8Array<ArrayBuffer> | 'too-late' | 'failed'> {
  const ended = new AbortController();
  return new Promise<Uint8Array<ArrayBuffer> | 'too-late' | 'failed'>((resolve) => {
    const fail = (): void => resolve('failed');
    watchPage(
      () => resolve('too-late'),
      () => {},
      ended.signal,
    );
    const cancels = [
      // The task that asked for the batch to be sent may be the host's own.
      clock.after(0, () => gzip(envelopeBody(entries, clock.now(), writeKey)).then(resolve, fail)),
      clock.after(packingPatienceMs, fail),
    ];
    ended.signal.addEventListener('abort', () => {
      for (const cancel of cancels) cancel();
    });
  }).finally(() => ended.abort());
}

/** Rejects if what comes out is not gzip of so many bytes: some browsers' streams have been broken, or patched. */
async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const plain = new Blob([text]);
  const stream = plain.stream().pipeThrough(new CompressionStream('gzip'));
  const packed = await new Response(stream).arrayBuffer();
  const view = new DataView(packed);
  // It begins with its magic number and ends with the length of what is in it. https://www.rfc-editor.org/rfc/rfc1952
  if (view.getUint16(0) !== 0x1f8b || view.getUint32(view.byteLength - 4, true) !== plain.size) throw new Error();
  return new Uint8Array(packed);
}
