import type { ConsentPreferences } from '@org/track-core';
import type { HttpRequest } from '../http/exchange.ts';
import type { BatchFacts } from '../log/accepted-batch.ts';
import { type AddressPolicy, keptAddress } from './client-address.ts';
import type { IncomingBatch } from './dialect.ts';
import type { Sender } from './keys.ts';

export interface FactsPolicy {
  readonly ip: AddressPolicy;
  /** Vouched for where neither event nor sender says anything. */
  readonly consent: ConsentPreferences | undefined;
}

export const maxUserAgentLength = 1_024;
const maxDateLength = 64;

/** What the log keeps of a request beside its events. */
export function batchFacts(
  request: HttpRequest,
  {
    sender,
    receivedAt,
    batch: { sentAt, deferredAt },
    address,
  }: {
    readonly sender: Sender;
    readonly receivedAt: number;
    readonly batch: Pick<IncomingBatch, 'sentAt' | 'deferredAt'>;
    readonly address: string | undefined;
  },
  policy: FactsPolicy,
): BatchFacts {
  const ip = keptAddress(address, policy.ip);
  const userAgent = request.header('user-agent')?.slice(0, maxUserAgentLength);
  const consent = sender.consent ?? policy.consent;
  return {
    receivedAt,
    source: sender.source,
    ...(sentAt === undefined ? {} : { sentAt: sentAt.slice(0, maxDateLength) }),
    ...(deferredAt === undefined ? {} : { deferredAt: deferredAt.slice(0, maxDateLength) }),
    ...(sender.keyName === undefined ? {} : { keyName: sender.keyName }),
    ...(ip === undefined ? {} : { ip }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(request.header('sec-gpc') === '1' ? { gpc: true } : {}),
    ...(consent === undefined ? {} : { consent }),
  };
}
