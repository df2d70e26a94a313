// The collector of walkerOS behind the same bare server: its packages for Express are not on the registry. It keeps nothing
// on disk; an answer waits until its destination, in memory, has taken every event.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { installPeers } from '../../node/peers.ts';
import { serveBench, textOf } from '../server.ts';

interface Flow {
  push(event: unknown): Promise<unknown>;
  pushed(): number;
}

await installPeers();
const setup = new URL('../../node/setup/walkeros-collector.js', import.meta.url);
const { createFlow } = (await import(setup.href)) as { readonly createFlow: () => Promise<Flow> };
const flow = await createFlow();

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const { batch } = JSON.parse(textOf(Buffer.concat(chunks))) as { batch: readonly unknown[] };
    await Promise.all(batch.map((event) => flow.push(event)));
    response.writeHead(204).end();
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  serveBench(port, { kept: () => flow.pushed(), close: () => void server.close() });
});
