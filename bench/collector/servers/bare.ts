// What a server has to do in any case: read, parse, answer. It keeps nothing.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveBench, textOf } from '../server.ts';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { batch } = JSON.parse(textOf(Buffer.concat(chunks))) as { batch: unknown };
    response.writeHead(Array.isArray(batch) ? 204 : 400).end();
  });
});
server.listen(0, '127.0.0.1', () => {
  serveBench((server.address() as AddressInfo).port, { close: () => void server.close() });
});
