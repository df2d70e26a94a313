import { type OnDiagnostic, report } from '@org/track-core';
import type { HttpRequest } from '../http/exchange.ts';
import { type Sender, unnamedKey } from './keys.ts';
import { createRateLimit } from './rate-limit.ts';
import { type Refusal, tooMany } from './refusal.ts';

/** Keeps one address, or one key, from taking what is everybody's. */
export interface Throttle {
  /** Has this address spent what it had? */
  refusalOfAddress(address: string | undefined, request: HttpRequest): Refusal | undefined;
  /** Has this key spent what it had? */
  refusalOfSender(sender: Sender): Refusal | undefined;
  /** An address pays for what it had us read, whatever it was. */
  payForBytes(address: string | undefined, bytes: number): void;
  payForEvents(address: string | undefined, sender: Sender, events: number): void;
}

export interface ThrottleOptions {
  readonly addressEventsPerSecond: number;
  readonly trustedProxies: number;
  /** Milliseconds that never go back. */
  readonly elapsed: () => number;
  readonly onDiagnostic: OnDiagnostic | undefined;
}

/** Addresses remembered: about 10 MB. */
const maxAddresses = 65_536;

/** Reading this many bytes costs an address as much as an event. */
const bytesPerEvent = 4_096;

/** In a flood once is enough. */
const reportEveryMs = 60_000;

export function createThrottle({
  addressEventsPerSecond,
  trustedProxies,
  elapsed,
  onDiagnostic,
}: ThrottleOptions): Throttle {
  const addresses = createRateLimit({ eventsPerSecond: addressEventsPerSecond, maxSenders: maxAddresses, elapsed });
  const reportedAt = new Map<string, number>(); // by what was limited: one line for all addresses, one for each key

  function reportNowAndThen(what: string): void {
    if (elapsed() - (reportedAt.get(what) ?? Number.NEGATIVE_INFINITY) < reportEveryMs) return;
    reportedAt.set(what, elapsed());
    report(onDiagnostic, 'rate-limited', what);
  }

  return {
    refusalOfAddress(address, request) {
      const waitS = address === undefined ? undefined : addresses.waitS(address);
      if (waitS === undefined) return undefined;
      const isBehindProxy = trustedProxies === 0 && request.header('x-forwarded-for') !== undefined;
      reportNowAndThen(isBehindProxy ? 'an address that is a proxy, it seems; see trustedProxies' : 'an address');
      return tooMany('address-limit', 'Too much came from this address.', waitS);
    },
    refusalOfSender({ limit, keyName, source }) {
      const waitS = limit.waitS('');
      if (waitS === undefined) return undefined;
      reportNowAndThen(keyName ?? (source === 'server' ? unnamedKey : 'browsers'));
      return tooMany('key-limit', 'Too much came with this key.', waitS);
    },
    payForBytes(address, bytes) {
      if (address !== undefined) addresses.charge(address, Math.max(1, Math.ceil(bytes / bytesPerEvent)));
    },
    payForEvents(address, { limit }, events) {
      if (address !== undefined) addresses.charge(address, events);
      limit.charge('', events);
    },
  };
}
