import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import zlib from 'node:zlib';
import { type FuzzRequest, serverKey } from './request.ts';
import { type ServerUnderTest, startServer } from './server-under-test.ts';

/** How everybody else fared meanwhile. */
export interface AssaultReport {
  readonly served: number;
  readonly refused: number;
  readonly unanswered: number;
  readonly slowestMs: number;
  /** How much memory the process took more at most, of what it had before. */
  readonly grownBytes: number;
  readonly hasCrashed: boolean;
}

export interface AssaultOptions {
  /** How long it goes on, milliseconds. */
  readonly forMs: number;
  /** How many connections, where they are what it is about. */
  readonly connections: number;
}

export interface Assault {
  readonly name: string;
  run(options: AssaultOptions): Promise<AssaultReport>;
}

/** Where it all comes from: a visitor's address, as the proxy in front says it. */
const attacker = '203.0.113.66';
const bystanderEveryMs = 50;

const good = (): FuzzRequest => ({
  what: 'a bystander',
  method: 'POST',
  path: '/v1/batch',
  headers: { authorization: `Bearer ${serverKey}`, 'x-forwarded-for': '198.51.100.7' },
  body: Buffer.from(
    JSON.stringify({
      batch: [{ type: 'track', event: 'e', userId: 'u', messageId: randomUUID(), timestamp: '2026-11-25T10:00:00Z' }],
    }),
  ),
});

/** Lets `attack` run while somebody else sends what is good. */
function assault(
  name: string,
  attack: (server: ServerUnderTest, options: AssaultOptions) => Promise<() => void>,
): Assault {
  return {
    name,
    async run(options) {
      const server = await startServer({ bodyTimeoutMs: 2_000 });
      let [served, refused, unanswered, slowestMs, highest] = [0, 0, 0, 0, 0];
      let isOver = false;
      try {
        await server.send(good());
        const before = (await server.memory()).rssBytes;
        const bystanders = (async () => {
          while (!isOver) {
            const sentAt = performance.now();
            const { status } = await server.send(good());
            slowestMs = Math.max(slowestMs, performance.now() - sentAt);
            if (status === 200) served++;
            else if (status === 0) unanswered++;
            else refused++;
            await pause(bystanderEveryMs);
          }
        })();
        const end = await attack(server, options);
        await pause(options.forMs);
        highest = (await server.memory()).rssBytes;
        isOver = true;
        await bystanders;
        end();
        const { hasCrashed } = await server.stop();
        return { served, refused, unanswered, slowestMs, grownBytes: Math.max(0, highest - before), hasCrashed };
      } finally {
        isOver = true;
        await server.remove();
      }
    },
  };
}

const bombBytes = 128 * 1024 * 1024;

/** A few KB that unpack to a lot. */
function bombs(): readonly (readonly [encoding: string, body: Uint8Array])[] {
  const zeros = Buffer.alloc(bombBytes, ' ');
  return [
    ['gzip', zlib.gzipSync(zeros)],
    ['deflate', zlib.deflateSync(zeros)],
    ['br', zlib.brotliCompressSync(zeros, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ['', Buffer.from('['.repeat(4_000_000))],
    ['', Buffer.from(`{"batch":[${'{},'.repeat(1_000_000)}{}]}`)],
    ['', Buffer.from(`{"a":${'{"a":'.repeat(500_000)}`)],
  ];
}

/** Opens many connections from one address, each with this said on it, and holds them. */
async function hold(port: number, count: number, said: string): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  for (let at = 0; at < count; at += 100) {
    const opened = Array.from({ length: Math.min(100, count - at) }, () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.resume();
      return socket;
    });
    await Promise.all(opened.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])));
    for (const socket of opened) if (said !== '') socket.write(said);
    sockets.push(...opened);
  }
  return sockets;
}

const destroyAll = (sockets: readonly Socket[]) => (): void => {
  for (const socket of sockets) socket.destroy();
};

const head = (...lines: readonly string[]): string =>
  ['POST /v1/batch HTTP/1.1', 'Host: x', `X-Forwarded-For: ${attacker}`, ...lines].join('\r\n');

/** What is meant to keep the collector from everybody else. */
export const assaults: readonly Assault[] = [
  assault('bombs', async (server) => {
    const made = bombs();
    const thrown = Array.from({ length: 30 }, async (_, index) => {
      const [encoding, body] = made[index % made.length] as (typeof made)[number];
      await server.send({
        ...good(),
        headers: { authorization: `Bearer ${serverKey}`, 'x-forwarded-for': attacker, 'content-encoding': encoding },
        body,
      });
    });
    await Promise.all(thrown);
    return () => {};
  }),
  assault('bodies that never end', async ({ port }) => {
    const sockets = await hold(port, 500, `${head('Content-Length: 100000')}\r\n\r\n{"batch":[`);
    const drip = setInterval(() => {
      for (const socket of sockets) socket.write(' ');
    }, 200);
    return () => {
      clearInterval(drip);
      destroyAll(sockets)();
    };
  }),
  assault('heads that never end', async ({ port }) => {
    const sockets = await hold(port, 500, head(''));
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('X-A: b\r\n');
    }, 200);
    return () => {
      clearInterval(drip);
      destroyAll(sockets)();
    };
  }),
  assault('floods of headers', async ({ port }) => {
    const lines = Array.from({ length: 5_000 }, (_, index) => `X-Header-${index}: ${'v'.repeat(20)}`);
    const sockets = await hold(port, 200, `${head(...lines)}\r\n\r\n`);
    return destroyAll(sockets);
  }),
  assault('no HTTP at all', async ({ port }) => {
    const sockets = await hold(port, 300, '\u0016\u0003\u0001\u0000\u0000 \r\n\r\nEHLO x\r\n');
    return destroyAll(sockets);
  }),
  assault('many connections that say nothing', async ({ port }, { connections }) =>
    destroyAll(await hold(port, connections, '')),
  ),
];
