import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { idPattern } from '../../tests/faults/client.ts';

/** A far end that counts. */
export interface CountingSink {
  readonly origin: string;
  /** Different events so far. */
  events(): number;
  /** Bytes of all bodies and addresses so far. */
  bytes(): number;
  /** Resolves once so many different events are here. */
  arrival(events: number): Promise<void>;
  close(): Promise<void>;
}

/** @param thanks - what it answers; without it it never does */
export async function createCountingSink(thanks: string | undefined): Promise<CountingSink> {
  const ids = new Set<string>();
  let bytes = 0;
  let awaited: { readonly events: number; resolve(): void } | undefined;

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (thanks === undefined) return;
      const body = Buffer.concat(chunks);
      bytes += body.length + (request.method === 'GET' ? (request.url ?? '').length : 0);
      response.setHeader('content-type', 'application/json').end(thanks);
      for (const id of idsIn(body, request.url ?? '')) ids.add(id);
      if (awaited !== undefined && ids.size >= awaited.events) awaited.resolve();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events: () => ids.size,
    bytes: () => bytes,
    arrival: (events) =>
      new Promise((resolve) => {
        awaited = { events, resolve };
        if (ids.size >= events) resolve();
      }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function idsIn(body: Buffer, address: string): readonly string[] {
  const text = (body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body).toString();
  const plain = text.match(idPattern);
  if (plain !== null) return plain;
  const data = new URL(address, 'http://x').searchParams.get('data') ?? '';
  return Buffer.from(data, 'base64').toString().match(idPattern) ?? [];
}
