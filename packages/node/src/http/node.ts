import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyLimits, BodyRead, Handle, HttpReply, HttpRequest } from './exchange.ts';

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** How long a sender may go on after its body proved too large, so that it hears the answer. Milliseconds. */
const lingerMs = 1_000;

/** For `node:http`: `createServer(collector.node)`. */
export function nodeHandler(handle: Handle): NodeHandler {
  return (incoming, response) => {
    void handle(toRequest(incoming)).then((reply) => send(incoming, response, reply));
  };
}

/** @param readBody - where the body comes from, if not from the stream */
export function toRequest(
  incoming: IncomingMessage,
  readBody: HttpRequest['readBody'] = (limits) => readStream(incoming, limits),
): HttpRequest {
  const { method = 'GET', url = '/', headers, socket } = incoming;
  const query = url.indexOf('?');
  return {
    method,
    path: query < 0 ? url : url.slice(0, query),
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    ...(socket?.remoteAddress === undefined ? {} : { remoteAddress: socket.remoteAddress }),
    readBody,
  };
}

export function send(incoming: IncomingMessage, response: ServerResponse, { status, headers, body }: HttpReply): void {
  if (response.headersSent || response.destroyed) return;
  // What was not read of the body would otherwise be taken for the next request.
  const close = incoming.readableEnded ? undefined : { Connection: 'close' };
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body), ...close });
  response.end(body);
}

function readStream(incoming: IncomingMessage, { maxBytes, timeoutMs }: BodyLimits): Promise<BodyRead> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let timer = setTimeout(() => finish({ kind: 'too-slow' }), timeoutMs);
    timer.unref();

    function finish(read: BodyRead): void {
      clearTimeout(timer);
      incoming.off('data', onData).off('end', onEnd).off('close', onClose);
      incoming.resume(); // what may still come is thrown away
      resolve(read);
    }
    function onData(chunk: Buffer): void {
      const wasWithin = bytes <= maxBytes;
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else if (wasWithin) {
        chunks.length = 0;
        clearTimeout(timer);
        timer = setTimeout(() => finish({ kind: 'too-large' }), lingerMs).unref();
      }
    }
    function onEnd(): void {
      if (bytes > maxBytes) finish({ kind: 'too-large' });
      else finish({ kind: 'read', bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes) });
    }
    function onClose(): void {
      finish({ kind: 'aborted' });
    }
    // Emitted before the end if the sender goes away; without a listener an error would be the process's end.
    incoming.on('error', onClose);
    incoming.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}
