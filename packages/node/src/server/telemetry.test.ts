import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createTelemetry, findTelemetry, noTelemetry } from './telemetry.ts';

const exporter = new InMemorySpanExporter();

class Reader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

const reader = new Reader();

beforeAll(() => {
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  api.trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  api.metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
});
afterEach(() => exporter.reset());
afterAll(() => {
  api.context.disable();
  api.trace.disable();
  api.metrics.disable();
});

const told = () =>
  exporter.getFinishedSpans().map(({ name, attributes, status }) => ({ name, attributes, status: status.code }));

describe('a delivery is a span', () => {
  const attributes = { 'track.destination': 'warehouse', 'track.events': 3 };

  test.each([
    { why: 'delivered', outcome: { kind: 'delivered' }, more: {}, status: api.SpanStatusCode.UNSET },
    {
      why: 'to be tried again',
      outcome: { kind: 'retry', reason: 'throttled' },
      more: { 'track.reason': 'throttled' },
      status: api.SpanStatusCode.ERROR,
    },
    {
      why: 'refused, in words that are somebody’s',
      outcome: { kind: 'dead', reason: 'no user a@b.example' },
      more: { 'track.reason': 'other' },
      status: api.SpanStatusCode.ERROR,
    },
  ] as const)('$why', async ({ outcome, more, status }) => {
    expect(await createTelemetry(api).delivery('warehouse', 3, async () => outcome)).toBe(outcome);
    const expected = { ...attributes, 'track.outcome': outcome.kind, ...more };
    expect(told()).toEqual([{ name: 'deliver warehouse', attributes: expected, status }]);
  });

  test('one that throws: what it says is not told', async () => {
    const delivery = createTelemetry(api).delivery('warehouse', 3, async () => {
      throw new Error('a@b.example');
    });
    await expect(delivery).rejects.toThrow('a@b.example');
    expect(told()).toEqual([{ name: 'deliver warehouse', attributes, status: api.SpanStatusCode.ERROR }]);
    expect(exporter.getFinishedSpans()[0]?.events).toEqual([]);
  });
});

test('a request is a span until it is answered, and what is done for it is within', async () => {
  const telemetry = createTelemetry(api);
  const server = createServer((request, response) =>
    telemetry.request(request, response, '/api/j', () => {
      const within = api.trace.getActiveSpan() !== undefined;
      setTimeout(() => response.writeHead(503).end(String(within)), 5);
    }),
  ).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await (await fetch(`http://127.0.0.1:${port}/api/j?email=a@b.example`, { method: 'POST' })).text()).toBe(
    'true',
  );
  await new Promise<void>((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });
  expect(told()).toEqual([
    {
      name: 'POST /api/j',
      attributes: { 'http.request.method': 'POST', 'http.route': '/api/j', 'http.response.status_code': 503 },
      status: api.SpanStatusCode.ERROR,
    },
  ]);
});

test('measures are read when the host’s reader asks', async () => {
  let delivered = 1;
  createTelemetry(api).observe([
    {
      name: 'track_destination_delivered_total',
      kind: 'counter',
      help: 'h',
      labels: ['destination'],
      read: () => [[['a'], delivered]],
    },
    { name: 'track_log_batches', kind: 'gauge', help: 'h', labels: [], read: () => [[[], 7]] },
  ]);
  const read = async () => {
    const { resourceMetrics } = await reader.collect();
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
      metrics.map(({ descriptor, dataPointType, dataPoints }) => [
        descriptor.name,
        dataPointType,
        dataPoints.map(({ attributes, value }) => [attributes, value]),
      ]),
    );
  };
  await read();
  delivered = 5;
  expect(await read()).toEqual([
    ['track.destination_delivered', DataPointType.SUM, [[{ destination: 'a' }, 5]]],
    ['track.log_batches', DataPointType.GAUGE, [[{}, 7]]],
  ]);
});

test('a project that has not installed the API gets none of it', () => {
  const missing = (): never => {
    throw new Error('Cannot find module');
  };
  expect(findTelemetry('/project/track.config.ts', missing)).toBe(noTelemetry);
  expect(findTelemetry(fileURLToPath(import.meta.url))).not.toBe(noTelemetry);
});
