import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyRead, Handle } from './exchange.ts';
import { send, toRequest } from './node.ts';

/** For Express and Connect: `app.use('/api/j', collector.express)`. */
export type ExpressHandler = (
  request: IncomingMessage & { readonly body?: unknown; readonly baseUrl?: string },
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/** Works before and behind body parsers: what `express.json()`, `text()` or `raw()` has read is taken from `req.body`. */
export function expressHandler(handle: Handle): ExpressHandler {
  return (incoming, response) => {
    const wasRead = incoming.readableEnded && incoming.body !== undefined;
    const request = wasRead
      ? toRequest(incoming, ({ maxBytes }) => parsedBody(incoming.body, maxBytes))
      : toRequest(incoming);
    // Express takes away where it is mounted, and `/v1` may be just that.
    const path = (incoming.baseUrl ?? '') + request.path;
    void handle({ ...request, path }).then((reply) => send(incoming, response, reply));
  };
}

async function parsedBody(body: unknown, maxBytes: number): Promise<BodyRead> {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return bytes.length > maxBytes ? { kind: 'too-large' } : { kind: 'read', bytes, decoded: true };
}
