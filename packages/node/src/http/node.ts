import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { BodyLimits, BodyRead, Handle, HttpReply, HttpRequest } from './exchange.ts';

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** How long a sender may go on with a body that nobody wants, so that it hears the answer. Milliseconds. */
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
    query: query < 0 ? '' : url.slice(query + 1),
    ...((socket as Partial<TLSSocket> | null)?.encrypted === true ? { isEncrypted: true } : {}),
    header: (name) => {
      // HTTP/2 has another name for it.
      const value = headers[name] ?? (name === 'host' ? headers[':authority'] : undefined);
      return Array.isArray(value) ? value.join(', ') : value;
    },
    ...(socket?.remoteAddress === undefined ? {} : { remoteAddress: socket.remoteAddress }),
    readBody,
  };
}

export function send(incoming: IncomingMessage, response: ServerResponse, { status, headers, body }: HttpReply): void {
  afterBody(incoming, () => {
    if (response.headersSent || response.destroyed) return;
    // What was not read of the body would otherwise be taken for the next request.
    const close = incoming.complete ? undefined : { Connection: 'close' };
    const { 'Set-Cookie': cookie, ...others } = headers;
    // Beside those that the app sets.
    if (cookie !== undefined) response.appendHeader('Set-Cookie', cookie);
    response.writeHead(status, { ...others, 'Content-Length': Buffer.byteLength(body), ...close });
    response.end(body);
  });
}

/** Who is still talking when the connection closes may never hear the answer: the rest is read and thrown away first. */
function afterBody(incoming: IncomingMessage, answer: () => void): void {
  if (incoming.complete || incoming.destroyed) return answer();
  const timer = setTimeout(done, lingerMs).unref();
  function done(): void {
    clearTimeout(timer);
    incoming.off('end', done).off('close', done);
    answer();
  }
  incoming.on('end', done).on('close', done).resume();
}

function readStream(incoming: IncomingMessage, { maxBytes, timeoutMs, hasRoom }: BodyLimits): Promise<BodyRead> {
  // Of what is over no event tells any more.
  if (incoming.destroyed || incoming.readableEnded) return Promise.resolve({ kind: 'aborted' });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(() => finish({ kind: 'too-slow' }), timeoutMs).unref();

    function finish(read: BodyRead): void {
      clearTimeout(timer);
      incoming.off('data', onData).off('end', onEnd).off('close', onClose);
      incoming.resume(); // what may still come is thrown away
      resolve(read);
    }
    function onData(chunk: Buffer | string): void {
      // Text, where somebody in front of us has called `setEncoding`.
      const piece = typeof chunk === 'string' ? Buffer.from(chunk, incoming.readableEncoding ?? 'utf8') : chunk;
      bytes += piece.length;
      if (bytes > maxBytes) finish({ kind: 'too-large' });
      else if (hasRoom?.(bytes) === false) finish({ kind: 'no-room' });
      else chunks.push(piece);
    }
    function onEnd(): void {
      finish({ kind: 'read', bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes) });
    }
    function onClose(): void {
      finish({ kind: 'aborted' });
    }
    // Emitted before the end if the sender goes away; without a listener an error would be the process's end.
    incoming.on('error', onClose);
    incoming.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}
