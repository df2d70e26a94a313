import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What one destination's far end saw. */
export interface FarEnd {
  /** When each event was acknowledged, `performance.now()`, first time first. */
  readonly acknowledged: Map<string, number[]>;
  requests: number;
}

export interface Sink {
  readonly url: string;
  readonly farEnds: { readonly [name: string]: FarEnd };
  /** The busy one is busy no more. */
  calmDown(): void;
  close(): Promise<void>;
}

export const names = ['down', 'hanging', 'busy', 'partly', 'healthy', 'once'] as const;

/** Six far ends in one server: each behaves by its name. */
export async function createSink(): Promise<Sink> {
  const farEnds = Object.fromEntries(
    names.map((name): [string, FarEnd] => [name, { acknowledged: new Map(), requests: 0 }]),
  );
  const asked = new Set<string>();
  let isBusy = true;

  function acknowledge({ acknowledged }: FarEnd, ids: readonly string[]): void {
    for (const id of ids) acknowledged.set(id, [...(acknowledged.get(id) ?? []), performance.now()]);
  }

  function answer(name: string, farEnd: FarEnd, ids: readonly string[], response: ServerResponse): void {
    if (name === 'hanging') return;
    if (name === 'down') response.writeHead(500).end();
    else if (name === 'busy' && isBusy) response.writeHead(429, { 'retry-after': '1' }).end();
    else if (name === 'partly') {
      const never = ids.filter((id) => id.endsWith('25'));
      const later = ids.filter((id) => id.endsWith('0') && !asked.has(id));
      for (const id of later) asked.add(id);
      acknowledge(
        farEnd,
        ids.filter((id) => !never.includes(id) && !later.includes(id)),
      );
      response.writeHead(207).end(JSON.stringify({ later, never }));
    } else {
      acknowledge(farEnd, ids);
      response.writeHead(200).end();
    }
  }

  const server = createServer(async (request, response) => {
    const name = request.url?.slice(1) ?? '';
    const farEnd = farEnds[name];
    let body = '';
    for await (const chunk of request) body += chunk;
    if (farEnd === undefined) return response.writeHead(404).end();
    farEnd.requests++;
    answer(name, farEnd, JSON.parse(body) as string[], response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    farEnds,
    calmDown() {
      isBusy = false;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
