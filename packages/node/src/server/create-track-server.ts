import { randomBytes } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { type Collector, createCollector } from '../collector/create-collector.ts';
import type { LogSettings, TrackConfig } from '../config/track-config.ts';
import type { Log } from '../log/log.ts';
import { sqliteLog } from '../log/sqlite-log.ts';
import { createNodeClock, maxTimerMs } from '../runtime/node-clock.ts';
import { answerJson, createAdmin, createHealth, type Listener, urlOf } from './admin.ts';
import { diagnosticsTo, type Logger } from './logger.ts';
import { createRegistry, measuresOf } from './metrics.ts';
import { createOperations } from './operations.ts';
import { operationsRoute } from './operations-route.ts';
import { privacyRoute } from './privacy-route.ts';
import { createReadiness } from './readiness.ts';
import { removeRunFile, writeRunFile } from './run-file.ts';
import { noTelemetry, type Telemetry } from './telemetry.ts';
import { createTestMode } from './test-mode.ts';
import { timeRequests } from './time-requests.ts';
import { traceDestination } from './trace-destination.ts';

/** A running server. */
export interface TrackServer {
  /** Where events are posted to. */
  readonly url: string;
  readonly adminUrl: string;
  readonly collector: Collector;
  /**
   * Not ready from now on; after the config's delay no new connections, what is under way is finished, deliveries go on
   * until the deadline. What was not delivered then waits in the log.
   */
  stop(): Promise<void>;
}

export interface TrackServerOptions {
  readonly config: TrackConfig;
  readonly logger: Logger;
  readonly telemetry?: Telemetry;
}

const defaultHost = '0.0.0.0';
const defaultPort = 8_080;
const defaultAdminHost = '127.0.0.1';
const defaultAdminPort = 9_464;
const defaultStopDeadlineMs = 10_000;

/** Longer than load balancers keep a quiet connection, so that they never send a request into one that we just closed. */
const keepAliveMs = 75_000;

/** What a path may end in beside the endpoint's own: the addresses that Segment's and RudderStack's SDKs have built in. */
const sdkPath = /^\/(?:v1|pixel|beacon|sourceConfig)(?:\/|$)/;

interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Where a server of this config listens. */
export function serverAddresses({ server = {}, admin = {} }: TrackConfig): {
  readonly server: ListenAddress;
  readonly admin: ListenAddress;
} {
  return {
    server: { host: server.host ?? defaultHost, port: server.port ?? defaultPort },
    admin: { host: admin.host ?? defaultAdminHost, port: admin.port ?? defaultAdminPort },
  };
}

/** The config's `log`, whole. */
function logSettings(log: TrackConfig['log']): LogSettings {
  return typeof log === 'string' ? { path: log } : log;
}

/** The log's file; `undefined` if there is none. */
export function logFileOf(config: TrackConfig): string | undefined {
  const { path } = logSettings(config.log);
  return path === ':memory:' ? undefined : resolve(path);
}

export function openLog(config: TrackConfig): Log {
  const { path, ...options } = logSettings(config.log);
  return sqliteLog(path, options);
}

/**
 * Starts the server: resolves once both ports take requests.
 *
 * @throws Error if the log cannot be opened or a port is taken; nothing is left open then
 */
export async function startTrackServer(options: TrackServerOptions): Promise<TrackServer> {
  const { config, logger, telemetry = noTelemetry } = options;
  const { endpoint, log: _log, server: listen = {}, admin = {}, logLevel: _level, testMode: _test, ...rest } = config;
  const addresses = serverAddresses(config);
  const clock = createNodeClock();
  const log = openLog(config);
  const logFile = logFileOf(config);
  const collector = createCollector({
    ...rest,
    log,
    destinations: (config.destinations ?? []).map((destination) => traceDestination(destination, telemetry)),
    clock,
    onDiagnostic: diagnosticsTo(logger),
  });
  let isStopping = false;
  let stopped: Promise<void> | undefined;

  const ready = createReadiness({
    log,
    limits: config.limits,
    stats: collector.stats,
    isStopping: () => isStopping,
    clock,
  });
  const measures = measuresOf({
    stats: collector.stats,
    destinations: collector.destinations,
    logPath: logFile,
    erasures: () => unlessClosed(log.erasures.standing),
    now: clock.now,
  });
  telemetry.observe(measures);
  const operations = createOperations({
    collector,
    log,
    plan: config.plan,
    unplanned: config.unplanned ?? 'store',
    erase: collector.erase,
    exportFrom: collector.dispatch.exportFrom,
    compact: collector.dispatch.compact,
  });
  const token = randomBytes(32).toString('base64url');
  const metrics = createRegistry(measures);
  const time = timeRequests(metrics);
  const events = createServer(
    eventsListener({ endpoint, collector, ready, telemetry, time, isStopping: () => isStopping }),
  );
  events.keepAliveTimeout = keepAliveMs;
  const operators = createServer(
    createAdmin({
      ready,
      metrics,
      isLocal: isLoopback(addresses.admin.host),
      token,
      operations: operationsRoute(operations),
      privacy: admin.secretKey === undefined ? undefined : privacyRoute(operations, admin.secretKey),
      tests: config.testMode === true ? createTestMode(collector) : undefined,
    }),
  );

  async function stop(): Promise<void> {
    isStopping = true;
    const { leaveDelayMs = 0, stopDeadlineMs = defaultStopDeadlineMs } = listen;
    // The timer keeps the process alive: it has requests to answer.
    if (leaveDelayMs > 0) await new Promise((done) => setTimeout(done, Math.min(leaveDelayMs, maxTimerMs)));
    const end = clock.elapsed() + stopDeadlineMs;
    const left = (): number => Math.max(0, end - clock.elapsed());
    await closeGently(events, left());
    await collector.close({ deadlineMs: left() });
    // Until here somebody could ask how it goes.
    operators.close();
    operators.closeAllConnections();
    if (logFile !== undefined) removeRunFile(logFile);
  }

  try {
    await listenOn(events, 'server', addresses.server);
    await listenOn(operators, 'admin', addresses.admin);
    const adminUrl = urlOfServer(operators);
    if (logFile !== undefined) writeRunFile(logFile, { pid: process.pid, adminUrl, token });
    return {
      url: urlOfServer(events) + endpoint,
      adminUrl,
      collector,
      stop: () => (stopped ??= stop()),
    };
  } catch (error) {
    for (const server of [events, operators]) {
      server.close();
      server.closeAllConnections();
    }
    await collector.close({ deadlineMs: 0 });
    throw error;
  }
}

interface EventsListenerOptions {
  readonly endpoint: string;
  readonly collector: Collector;
  readonly ready: Parameters<typeof createHealth>[0];
  readonly telemetry: Telemetry;
  readonly time: (response: ServerResponse) => void;
  readonly isStopping: () => boolean;
}

/** The public port: events, and health for load balancers, which says nothing that is not theirs. */
function eventsListener(options: EventsListenerOptions): Listener {
  const { endpoint, collector, ready, telemetry, time, isStopping } = options;
  const answerHealth = createHealth(ready);
  return (request, response) => {
    // Whoever comes back comes to somebody else.
    if (isStopping()) response.setHeader('Connection', 'close');
    const url = urlOf(request);
    const { pathname } = url;
    if (pathname === endpoint || pathname.startsWith(`${endpoint}/`) || sdkPath.test(pathname)) {
      time(response);
      return telemetry.request(request, response, endpoint, () => collector.node(request, response));
    }
    if (answerHealth(request, response, url)) return;
    answerJson(response, 404, {
      success: false,
      error: 'unknown-endpoint',
      message: 'There is nothing at this address.',
    });
  };
}

/** Resolves when every request has its answer, or after `deadlineMs`: then connections are cut. */
function closeGently(server: Server, deadlineMs: number): Promise<void> {
  return new Promise((done) => {
    // A connection that was busy is quiet after its answer, and would be kept for the next request.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    // For ever, as a timer knows it.
    const cut = setTimeout(() => server.closeAllConnections(), Math.min(deadlineMs, maxTimerMs));
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      done();
    });
  });
}

function listenOn(server: Server, option: 'server' | 'admin', { host, port }: ListenAddress): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      fail(new Error(`${option}: cannot listen on ${host}:${port}: ${listenReasons[code ?? ''] ?? message}`)),
    );
    server.listen(port, host, done);
  });
}

/** Why a port cannot be listened on, for who chose it. */
export const listenReasons: { readonly [code: string]: string } = {
  EADDRINUSE:
    'another program has that port, or server and admin have the same one; choose another one, or stop that program',
  EACCES: 'ports below 1024 need rights that this user does not have',
  EADDRNOTAVAIL: 'this machine has no such address',
};

function urlOfServer(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  const host = address === '0.0.0.0' || address === '::' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}`;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** Measures are read by whoever likes, also while the log is closed, or cannot be read. */
function unlessClosed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
