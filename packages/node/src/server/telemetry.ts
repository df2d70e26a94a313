import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type * as OpenTelemetry from '@opentelemetry/api';
import type { DeliveryOutcome } from '@org/track-core';
import { name as libraryName, version } from '../version.ts';
import { boundedReasons, type Measure } from './measure.ts';

/** Where traces and measures go beside `/metrics`. */
export interface Telemetry {
  /** One request to the collector: traced until it is answered. */
  request(request: IncomingMessage, response: ServerResponse, route: string, handle: () => void): void;
  /** One delivery to a destination. */
  delivery(destination: string, events: number, deliver: () => Promise<DeliveryOutcome>): Promise<DeliveryOutcome>;
  observe(measures: readonly Measure[]): void;
}

/** For hosts without OpenTelemetry. */
export const noTelemetry: Telemetry = {
  request: (_request, _response, _route, handle) => handle(),
  delivery: (_destination, _events, deliver) => deliver(),
  observe() {},
};

type Api = Pick<typeof OpenTelemetry, 'trace' | 'metrics' | 'context' | 'propagation' | 'SpanKind' | 'SpanStatusCode'>;

/** OpenTelemetry as the project of this config has it installed; its SDK, if there is one, was started by the host. */
export function findTelemetry(
  configFile: string,
  load: (name: string) => unknown = createRequire(configFile),
): Telemetry {
  let api: Api;
  try {
    api = load('@opentelemetry/api') as Api;
  } catch {
    return noTelemetry;
  }
  return createTelemetry(api);
}

/** Spans carry statuses, names of ours and counts: nothing of what an event says, and no destination's error text. */
export function createTelemetry({ trace, metrics, context, propagation, SpanKind, SpanStatusCode }: Api): Telemetry {
  const tracer = trace.getTracer(libraryName, version);

  return {
    request(request, response, route, handle) {
      // Where the host's SDK traces HTTP itself, its span is the parent; else whoever called may have sent one.
      const active = context.active();
      const parent = trace.getSpan(active) === undefined ? propagation.extract(active, request.headers) : active;
      const attributes = { 'http.request.method': request.method ?? '', 'http.route': route };
      const options = { kind: SpanKind.SERVER, attributes };
      const span = tracer.startSpan(`${request.method} ${route}`, options, parent);
      response.once('close', () => {
        span.setAttribute('http.response.status_code', response.statusCode);
        if (response.statusCode >= 500 || !response.writableFinished) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      });
      context.with(trace.setSpan(parent, span), handle);
    },
    delivery(destination, events, deliver) {
      const attributes = { 'track.destination': destination, 'track.events': events };
      return tracer.startActiveSpan(`deliver ${destination}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
        try {
          const outcome = await deliver();
          span.setAttribute('track.outcome', outcome.kind);
          if ('reason' in outcome) {
            const [reason = 'other'] = Object.keys(boundedReasons({ [outcome.reason]: 1 }));
            span.setAttribute('track.reason', reason);
            span.setStatus({ code: SpanStatusCode.ERROR });
          }
          return outcome;
        } catch (error) {
          span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          span.end();
        }
      });
    },
    observe(measures) {
      const meter = metrics.getMeter(libraryName, version);
      for (const { name, kind, help: description, labels, read } of measures) {
        const otherName = name.replace(/_total$/, '').replace('_', '.');
        const instrument =
          kind === 'counter'
            ? meter.createObservableCounter(otherName, { description })
            : meter.createObservableGauge(otherName, { description });
        instrument.addCallback((result) => {
          for (const [values, value] of read()) {
            result.observe(value, Object.fromEntries(labels.map((label, place) => [label, values[place] ?? ''])));
          }
        });
      }
    },
  };
}
