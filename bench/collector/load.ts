import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createSeededRandom } from '@org/track-core/testing';

export const writeKey = 'secret-of-the-bench';

export interface LoadOptions {
  readonly port: number;
  readonly batchEvents: number;
  /** By gzip, as our tracker for servers does with more than a kilobyte. */
  readonly isPacked: boolean;
  readonly connections: number;
  readonly durationMs: number;
}

/** What the senders saw. */
export interface LoadFigures {
  readonly requests: number;
  readonly events: number;
  /** Answers other than 200 and 204. */
  readonly refused: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Sends as fast as it is answered, one request at a time on each connection. Straight onto sockets, with bodies that are
 * made once and only get new ids: what is measured is the server, and it shares the machine with us.
 */
export async function sendLoad({
  port,
  batchEvents,
  isPacked,
  connections,
  durationMs,
}: LoadOptions): Promise<LoadFigures> {
  const waits: number[] = [];
  let refused = 0;
  const startedAt = performance.now();
  const end = startedAt + durationMs;
  const template = templateOf(batchEvents);

  const lanes = Array.from({ length: connections }, async () => {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    const answers = readAnswers(socket);
    while (performance.now() < end) {
      const sentAt = performance.now();
      socket.write(nextRequest(template, isPacked));
      const status = await answers.next();
      waits.push(performance.now() - sentAt);
      if (status !== 200 && status !== 204) refused++;
    }
    socket.destroy();
  });
  await Promise.all(lanes);
  const elapsedMs = performance.now() - startedAt;
  waits.sort((a, b) => a - b);
  const at = (share: number): number => waits[Math.floor((waits.length - 1) * share)] ?? Number.NaN;
  return {
    requests: waits.length,
    events: (waits.length - refused) * batchEvents,
    refused,
    elapsedMs,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

interface Template {
  readonly body: Buffer;
  /** Where each event's number stands. */
  readonly places: readonly number[];
}

const numberDigits = 12;
const placeholder = '#'.repeat(numberDigits);
let lastNumber = 0;

/** A body with events of about 500 bytes, as a shop's backend sends them. */
function templateOf(batchEvents: number): Template {
  const random = createSeededRandom(1);
  const below = (limit: number): number => Math.floor(random() * limit);
  const someOf = (count: number): string => Array.from({ length: count }, () => words[below(words.length)]).join(' ');
  const events = Array.from({ length: batchEvents }, () => ({
    type: 'track',
    event: 'Product Viewed',
    messageId: `0198f000-7000-8000-${placeholder}`,
    userId: `user-${1_000 + below(9_000)}`,
    timestamp: new Date(Date.UTC(2026, 10, 25, 10) + below(60_000)).toISOString(),
    properties: {
      product_id: `sku-${10_000 + below(90_000)}`,
      name: someOf(9),
      price: below(10_000) / 100,
      currency: 'EUR',
      categories: [someOf(1), someOf(1), someOf(1)],
      position: below(20),
      list: someOf(3),
    },
    context: { library: { name: 'bench', version: '1.0.0' }, locale: 'de-DE', timezone: 'Europe/Berlin' },
  }));
  const body = Buffer.from(JSON.stringify({ sentAt: '2026-11-25T10:01:00.000Z', batch: events }));
  const places: number[] = [];
  for (let at = body.indexOf(placeholder); at >= 0; at = body.indexOf(placeholder, at + numberDigits)) {
    places.push(at);
  }
  return { body, places };
}

const words = 'shoes outdoor sale lamp bright table wood garden summer winter blue green chair long soft hard'.split(
  ' ',
);

function nextRequest({ body, places }: Template, isPacked: boolean): Buffer {
  const numbered = Buffer.from(body);
  for (const at of places) numbered.write(String(++lastNumber).padStart(numberDigits, '0'), at, 'latin1');
  const sent = isPacked ? gzipSync(numbered, { level: 1 }) : numbered;
  const head = [
    'POST /v1/batch HTTP/1.1',
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    ...(isPacked ? ['Content-Encoding: gzip'] : []),
    `Authorization: Basic ${authorization}`,
    `Content-Length: ${sent.length}`,
  ].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), sent]);
}

const authorization = Buffer.from(`${writeKey}:`).toString('base64');

/** Reads one answer after the other off a connection. */
function readAnswers(socket: Socket): { next(): Promise<number> } {
  let text = '';
  let heard: ((status: number) => void) | undefined;
  let failed: ((error: Error) => void) | undefined;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    const head = text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const [, length = '0'] = /content-length: (\d+)/i.exec(text.slice(0, head)) ?? [];
    const end = head + 4 + Number(length);
    if (text.length < end) return;
    const status = Number(text.slice(9, 12));
    text = text.slice(end);
    heard?.(status);
  });
  socket.on('error', (error) => failed?.(error));
  return {
    next: () =>
      new Promise((resolve, reject) => {
        heard = resolve;
        failed = reject;
      }),
  };
}
