import { connect, type Socket } from 'node:net';

export const writeKey = 'secret-of-the-bench';

export interface LoadOptions {
  readonly port: number;
  readonly batchEvents: number;
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
export async function sendLoad({ port, batchEvents, connections, durationMs }: LoadOptions): Promise<LoadFigures> {
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
      socket.write(nextRequest(template));
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
  readonly bytes: Buffer;
  /** Where each event's number stands. */
  readonly places: readonly number[];
}

const numberDigits = 12;
const placeholder = '#'.repeat(numberDigits);
let lastNumber = 0;

/** A request with events of about 500 bytes, as a shop's backend sends them. */
function templateOf(batchEvents: number): Template {
  const event = JSON.stringify({
    type: 'track',
    event: 'Product Viewed',
    messageId: `0198f000-7000-8000-${placeholder}`,
    userId: 'user-4711',
    timestamp: '2026-11-25T10:00:00.000Z',
    properties: {
      product_id: 'sku-29381',
      name: 'A pair of shoes that somebody looked at for a while',
      price: 89.9,
      currency: 'EUR',
      categories: ['shoes', 'outdoor', 'sale'],
      position: 3,
      list: 'recommended for you',
    },
    context: { library: { name: 'bench', version: '1.0.0' }, locale: 'de-DE', timezone: 'Europe/Berlin' },
  });
  const body = `{"sentAt":"2026-11-25T10:00:01.000Z","batch":[${Array(batchEvents).fill(event).join()}]}`;
  const head = [
    'POST /v1/batch HTTP/1.1',
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `Authorization: Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ].join('\r\n');
  const bytes = Buffer.from(`${head}\r\n\r\n${body}`);
  const places: number[] = [];
  for (let at = bytes.indexOf(placeholder); at >= 0; at = bytes.indexOf(placeholder, at + numberDigits)) {
    places.push(at);
  }
  return { bytes, places };
}

function nextRequest({ bytes, places }: Template): Buffer {
  const request = Buffer.from(bytes);
  for (const at of places) request.write(String(++lastNumber).padStart(numberDigits, '0'), at, 'latin1');
  return request;
}

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
