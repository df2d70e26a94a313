import type { SendOptions, SendOutcome, Transport } from '../transport/transport.ts';
import { anEntry } from './builders.ts';
import { type ContractCase, expectSame } from './contract.ts';

/** How the far end behaves for one case. */
export type FarEnd =
  | { readonly status: number; readonly headers?: { readonly [name: string]: string }; readonly body?: string }
  | 'hang'
  | 'reset';

export interface TransportUnderTest {
  /** A transport whose far end behaves so; the body it received last, parsed, is returned by `received`. */
  readonly create: (farEnd: FarEnd) => Promise<{
    readonly transport: Transport;
    readonly received: () => unknown;
    readonly close: () => Promise<void>;
  }>;
}

/** What a queue makes of a promise that rejects. */
const brokenConnection = (): SendOutcome => ({ kind: 'retry', reason: 'network' });

const ok: FarEnd = { status: 200, body: '{"success":true}' };

/** What every transport to a collector must do, whatever carries the bytes. */
export function transportContract({ create }: TransportUnderTest): readonly ContractCase[] {
  const entries = [anEntry({ id: 'a' }), anEntry({ id: 'b' })];

  async function send(farEnd: FarEnd, options: Partial<SendOptions> = {}): Promise<[SendOutcome, unknown]> {
    const { transport, received, close } = await create(farEnd);
    const signal = options.signal ?? new AbortController().signal;
    const outcome = await transport
      .send(entries, { attempt: 0, exit: false, ...options, signal })
      .catch(brokenConnection);
    const body = received();
    await close();
    return [outcome, body];
  }
  const row = (rule: string, farEnd: FarEnd, expected: SendOutcome): ContractCase => ({
    rule,
    async check() {
      const [outcome] = await send(farEnd);
      expectSame('outcome', { ...outcome, verdicts: undefined }, expected);
    },
  });

  return [
    row('a collector that says success has it', ok, { kind: 'delivered' }),
    row(
      'a 200 that is not from a collector is no acknowledgement',
      { status: 200, body: '<html>Please log in</html>' },
      { kind: 'retry', reason: 'http-200', retryAfterMs: 0 },
    ),
    row('413 asks for less', { status: 413 }, { kind: 'dead', reason: 'too-large' }),
    row('400 is final', { status: 400 }, { kind: 'dead', reason: 'http-400' }),
    row('401 is final', { status: 401 }, { kind: 'dead', reason: 'http-401' }),
    row(
      '429 names its time',
      { status: 429, headers: { 'retry-after': '7' } },
      { kind: 'retry', reason: 'http-429', retryAfterMs: 7_000 },
    ),
    row('503 may pass', { status: 503 }, { kind: 'retry', reason: 'http-503', retryAfterMs: 0 }),
    row('a broken connection may pass', 'reset', { kind: 'retry', reason: 'network' }),
    {
      rule: 'sends an envelope with every event and the time of this attempt',
      async check() {
        const [, body] = await send(ok);
        const { batch, sentAt } = body as { batch: { messageId: string }[]; sentAt: string };
        expectSame(
          'ids',
          batch.map(({ messageId }) => messageId),
          ['a', 'b'],
        );
        if (Number.isNaN(Date.parse(sentAt))) throw new Error(`sentAt: expected a date, got ${sentAt}`);
      },
    },
    {
      rule: 'an abort ends the wait',
      async check() {
        const controller = new AbortController();
        const { transport, close } = await create('hang');
        const sent = transport.send(entries, { attempt: 0, exit: false, signal: controller.signal });
        controller.abort();
        expectSame('kind', (await sent.catch(brokenConnection)).kind, 'retry');
        await close();
      },
    },
  ];
}
