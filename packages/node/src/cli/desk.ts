import { Readable } from 'node:stream';
import type { Destination } from '@org/track-core';
import { createCollector } from '../collector/create-collector.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { createDispatcher, type Dispatcher } from '../dispatch/dispatcher.ts';
import { createErasures, eraseTryMs } from '../erasure/create-erasures.ts';
import type { Log } from '../log/log.ts';
import { memoryLog } from '../log/memory-log.ts';
import { linesIn } from '../runtime/lines-in.ts';
import { createNodeClock } from '../runtime/node-clock.ts';
import { logFileOf, openLog } from '../server/create-track-server.ts';
import { createOperations, type Operations } from '../server/operations.ts';
import { type RunFile, readRunFile } from '../server/run-file.ts';

/** Where the command line works at a log: the server's own desk while one runs, else one of its own. */
export interface Desk {
  readonly operations: Operations;
  /** The log is a server's that runs; otherwise it is ours until `close`. */
  readonly isServed: boolean;
  close(): Promise<void>;
}

const answerWithinMs = 5_000;

/**
 * One process has the log's file. If that is a server, it is asked; if none runs, the file is opened here, and what is to
 * be delivered is delivered by the next server.
 *
 * @throws Error if the file is somebody else's, or not a log
 */
export async function openDesk({ config }: LoadedConfig): Promise<Desk> {
  const file = logFileOf(config);
  const run = file === undefined ? undefined : readRunFile(file);
  if (run !== undefined && (await isRunning(run))) {
    return { operations: remoteOperations(run), isServed: true, close: async () => {} };
  }
  const { endpoint: _e, server: _s, admin: _a, logLevel: _l, testMode: _t, log: _log, ...options } = config;
  const log = openLog(config);
  // Nobody delivers here, and nobody goes on with erasures: without destinations each that is old would be given up.
  const idle: Log = { ...log, erasures: { ...log.erasures, open: () => [] } };
  const collector = createCollector({ ...options, log: idle, destinations: [] });
  const clock = createNodeClock();
  const asked = askedDestinations(config.destinations ?? []);
  const erasures = createErasures({
    log,
    destinations: () => (config.destinations ?? []).map(({ name }) => name),
    eraseAt: (name, person, deadline) => asked.dispatcher().eraseAt(name, person, deadline),
    answerWithinMs: eraseTryMs, // whoever asks first hears the end of it
    clock,
    random: Math.random,
    onDiagnostic: undefined,
  });
  return {
    operations: createOperations({
      collector,
      log,
      plan: config.plan,
      unplanned: config.unplanned ?? 'store',
      erase: erasures.erase,
      exportFrom: (person) => asked.dispatcher().exportFrom(person),
      compact: (name) => asked.dispatcher().compact(name),
    }),
    isServed: false,
    async close() {
      await erasures.close({ deadlineMs: 0 });
      await asked.close();
      await collector.close({ deadlineMs: 0 });
    },
  };
}

/** Destinations that are asked about people, over a log in which nothing is; made when the first is asked. */
function askedDestinations(destinations: readonly Destination[]): {
  dispatcher(): Dispatcher;
  close(): Promise<void>;
} {
  const log = memoryLog();
  let dispatcher: Dispatcher | undefined;
  return {
    dispatcher: () => (dispatcher ??= createDispatcher({ log, destinations, clock: createNodeClock() })),
    async close() {
      await dispatcher?.close({ deadlineMs: 0 });
      // A lane that was never used has not opened its destination, but an erasure may have.
      if (dispatcher !== undefined) await Promise.allSettled(destinations.map(async (each) => each.close?.()));
      await log.close();
    },
  };
}

/** A server that was killed leaves its file behind, and the port may be another program's by now. */
export async function isRunning(run: RunFile): Promise<boolean> {
  const signal = AbortSignal.timeout(answerWithinMs);
  try {
    const { result } = (await (await ask(run, 'ping', {}, signal)).json()) as { result?: { pid?: unknown } };
    // Some programs answer 200 to whatever they are asked.
    return result?.pid === run.pid;
  } catch {
    return false;
  }
}

const streams: ReadonlySet<keyof Operations> = new Set(['tail', 'about', 'compact']);

function remoteOperations(run: RunFile): Operations {
  return new Proxy({} as Operations, {
    get: (_target, name: keyof Operations) => (args: object) =>
      streams.has(name) ? askForLines(run, name, args) : askForResult(run, name, args),
  });
}

async function ask(run: RunFile, name: string, args: object, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(`${run.adminUrl}/ops/${name}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${run.token}` },
    body: JSON.stringify(args),
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.ok) return response;
  const { message } = (await response.json().catch(() => ({}))) as { message?: string };
  throw new Error(message ?? `The server answered ${response.status}.`);
}

async function askForResult(run: RunFile, name: string, args: object): Promise<unknown> {
  const { result } = (await (await ask(run, name, args)).json()) as { result: unknown };
  return result;
}

async function* askForLines(run: RunFile, name: string, args: object): AsyncGenerator<unknown> {
  const { body } = await ask(run, name, args);
  if (body === null) return;
  const input = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
  try {
    for await (const text of linesIn(input)) {
      const { line, failure } = JSON.parse(text) as { line?: unknown; failure?: { message: string } };
      if (failure !== undefined) throw new Error(failure.message);
      yield line;
    }
  } catch (error) {
    // A server that goes away ends the stream in the middle.
    throw input.errored === null ? error : new Error('The server went away.', { cause: error });
  }
}
