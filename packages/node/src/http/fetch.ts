import type { BodyLimits, BodyRead, Handle } from './exchange.ts';

/** What only the host knows about a request. */
export interface FetchOptions {
  /** Where the connection came from. */
  readonly remoteAddress?: string;
}

/** Request → Response: Hono, Next, Remix, SvelteKit, Bun, Deno, Workers. */
export type FetchHandler = (request: Request, options?: FetchOptions) => Promise<Response>;

export function fetchHandler(handle: Handle): FetchHandler {
  return async (request, { remoteAddress } = {}) => {
    const { pathname, search, protocol } = new URL(request.url);
    const { status, headers, body } = await handle({
      method: request.method,
      path: pathname,
      query: search.slice(1),
      ...(protocol === 'https:' ? { isEncrypted: true } : {}),
      header: (name) => request.headers.get(name) ?? undefined,
      ...(remoteAddress === undefined ? {} : { remoteAddress }),
      readBody: (limits) => readStream(request, limits),
    });
    // A Response refuses a body, even an empty one, where HTTP knows none.
    return new Response(body === '' ? null : (body as ConstructorParameters<typeof Response>[0]), { status, headers });
  };
}

async function readStream({ body }: Request, { maxBytes, timeoutMs, hasRoom }: BodyLimits): Promise<BodyRead> {
  if (body === null) return { kind: 'read', bytes: new Uint8Array(0) };
  const reader = body.getReader();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reader.cancel().catch(() => {});
  }, timeoutMs);
  timer.unref?.();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (isLate) return { kind: 'too-slow' };
      if (done) return { kind: 'read', bytes: Buffer.concat(chunks, bytes) };
      bytes += value.length;
      const isTooLarge = bytes > maxBytes;
      if (isTooLarge || hasRoom?.(bytes) === false) {
        reader.cancel().catch(() => {});
        return { kind: isTooLarge ? 'too-large' : 'no-room' };
      }
      chunks.push(value);
    }
  } catch {
    return { kind: 'aborted' };
  } finally {
    clearTimeout(timer);
  }
}
