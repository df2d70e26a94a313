/** The span of a distributed trace that a request belongs to: it finds the logs and traces beside an event. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the span that sent the request. */
  readonly spanId: string;
}

/** Version, trace, parent, flags; a later version may say more behind them. */
const pattern = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(?:$|-)/;

/** Reads a `traceparent` header. https://www.w3.org/TR/trace-context/#traceparent-header */
export function traceOfRequest(traceparent: string | undefined): TraceContext | undefined {
  const [, traceId, spanId] = pattern.exec(traceparent ?? '') ?? [];
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
}
