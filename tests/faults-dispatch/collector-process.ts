// A collector with six destinations in a process of its own, so that it can be killed.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCollector, type DeliveryVerdict, type Destination, sqliteLog } from '@org/track-node';
import { type DestinationOptions, defineDestination, jsonOf, outcomeOfStatus } from '@org/track-node/destination';

const [path = '', sink = ''] = process.argv.slice(2);

/** A platform that answers by event, as many do. */
const platform = (idempotency: Destination['idempotency']) =>
  defineDestination<DestinationOptions>({
    name: 'platform',
    title: 'A platform',
    docs: '',
    requires: ['analytics'],
    idempotency,
    deduplication: '',
    limits: { maxEvents: 50, maxWaitMs: 100, timeoutMs: 1_000, concurrency: 2 },
    sends: [],
    settings: {},
    mapping: { events: {}, fields: {}, products: {} },
    connect: ({ endpoint = '' }) => ({
      map: ({ messageId }) => ({ kind: 'mapped', items: [JSON.stringify(messageId)] }),
      request: ({ items }) => ({ url: endpoint, body: `[${items.join()}]` }),
      outcomeOf(reply) {
        if (reply.status !== 207) return outcomeOfStatus(reply);
        const { later, never } = jsonOf(reply) as { later: string[]; never: string[] };
        return {
          kind: 'delivered',
          verdicts: new Map<string, DeliveryVerdict>([
            ...later.map((id) => [id, { kind: 'retry', reason: 'busy' }] as const),
            ...never.map((id) => [id, { kind: 'dead', reason: 'refused' }] as const),
          ]),
        };
      },
    }),
  });

const keyed = platform('keyed');
const once = platform('none');
const log = sqliteLog(path);
const collector = createCollector({
  log,
  keys: { 'secret-of-the-shop': { source: 'server', consent: { analytics: true } } },
  destinations: [
    ...['down', 'hanging', 'busy', 'partly', 'healthy'].map((name) => keyed({ name, endpoint: `${sink}/${name}` })),
    once({ name: 'once', endpoint: `${sink}/once` }),
  ],
});

const server = createServer(collector.node);
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', () => {
  const limit = 100_000;
  const report = collector.destinations().map(({ name, books: { pending } }) => {
    const dead = log.records.deadLetters({ limit, consumer: name }).map(({ messageId }) => messageId);
    return { name, pending, dead };
  });
  process.send?.({ report });
});
process.on('disconnect', () => process.exit(0));
