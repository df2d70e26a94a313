// A backend in a process of its own, with one tracker, a clock and a name server that rows can break. It says on its
// standard error what nobody handled.
import { randomBytes } from 'node:crypto';
import dns from 'node:dns';
import type { CreateServerClient, End, Order } from './client.ts';

const [setup = '', origin = '', folder = ''] = process.argv.slice(2);

process.on('unhandledRejection', (reason) => void process.stderr.write(`unhandled rejection: ${oneLine(reason)}\n`));

let aheadMs = 0;
const RealDate = Date;
// Before any tracker is imported: some keep `Date.now` itself.
globalThis.Date = class extends RealDate {
  constructor(...args: [] | [number]) {
    super(...((args.length === 0 ? [RealDate.now() + aheadMs] : args) as [number]));
  }
  static override now(): number {
    return RealDate.now() + aheadMs;
  }
} as DateConstructor;

let namesResolve = true;
const lookup = dns.lookup;
dns.lookup = ((name: string, options: dns.LookupAllOptions, callback: (...result: unknown[]) => void) => {
  if (name !== 'collector.test') lookup(name, options, callback);
  else if (!namesResolve) {
    const error = Object.assign(new Error(`getaddrinfo EAI_AGAIN ${name}`), {
      code: 'EAI_AGAIN',
      syscall: 'getaddrinfo',
    });
    setImmediate(callback, error);
  } else if (options.all) setImmediate(callback, null, [{ address: '127.0.0.1', family: 4 }]);
  else setImmediate(callback, null, '127.0.0.1', 4);
}) as typeof dns.lookup;

const { create } = (await import(setup)) as { readonly create: CreateServerClient };
const client = create({ origin, folder });

process.on('message', (order: Order) => {
  void obey(order).then((answer) => process.connected && process.send?.(answer));
});
process.send?.('ready');

async function obey(order: Order): Promise<string> {
  switch (order.act) {
    case 'track':
      return track(order.ids, order.sizeBytes);
    case 'track-and-end': {
      const said = track(order.ids, order.sizeBytes);
      if (order.afterMs < 0) comeToEnd(order.end);
      else setTimeout(comeToEnd, order.afterMs, order.end);
      return said;
    }
    case 'names':
      namesResolve = order.resolve;
      return 'done';
    case 'clock':
      aheadMs = order.aheadMs;
      return 'done';
    case 'shutdown':
      return client.shutdown().then(() => 'done', oneLine);
  }
}

/** Text that hardly compresses, and in which no event id can hide. */
const incompressible = (bytes: number): string =>
  randomBytes(bytes / 2)
    .toString('hex')
    .toUpperCase();

function track(ids: readonly string[], sizeBytes: number): string {
  let failure = 'done';
  for (const id of ids) {
    try {
      client.track(id, incompressible(sizeBytes));
    } catch (error) {
      failure = `track() threw: ${oneLine(error)}`;
    }
  }
  return failure;
}

function comeToEnd(end: End): void {
  switch (end) {
    case 'nothing left to do':
      return process.disconnect();
    case 'process.exit(0)':
      return process.exit(0);
    case 'uncaught error':
      setImmediate(() => {
        throw new Error('of the application');
      });
      return;
    default:
      process.kill(process.pid, end);
  }
}

function oneLine(reason: unknown): string {
  return String(reason).split('\n')[0] ?? '';
}
