import type { Entry, OnDiagnostic, Outbox } from '@org/track-core';
import type { PageTransport, PageTransportOptions } from './page-transport.ts';

/** What a part of the delivery may use of the tracker it belongs to. */
export interface DeliveryPage extends PageTransportOptions {
  /** Where events wait. A part that must know what waits, or lets it rest, wraps its methods. */
  readonly outbox: Outbox;
  /** Does consent cover it, as of now? */
  readonly allow: (entry: Entry) => boolean;
  readonly onDiagnostic?: OnDiagnostic | undefined;
}

/** Takes part in how batches travel: a transport in front of `next`, which is nearer to the wire. */
export type CarryFirst = (next: PageTransport, page: DeliveryPage) => PageTransport;

/**
 * A part of the delivery, as this package makes them: `beacon()`, `deliveryState()`, … What it says to the others has
 * short names in the published files, so nobody else can make one.
 */
export type DeliveryPart = (
  next: never,
  page: never,
  // No function: `delivery: [beacon]`, without the brackets behind it, would send nothing.
) => object & { readonly [Symbol.hasInstance]?: never };
