import { constants } from 'node:os';
import { type DestinationStream, pino } from 'pino';
import { loadConfig } from '../config/load-config.ts';
import { startTrackServer } from '../server/create-track-server.ts';
import { createLogger } from '../server/logger.ts';
import { findTelemetry } from '../server/telemetry.ts';

export interface ServeOptions {
  readonly config?: string;
  readonly port?: number;
  readonly host?: string;
}

/** Runs the server until a signal asks it to stop. The second signal ends it where it stands: nothing acknowledged is lost. */
export async function serve({ config: named, ...listen }: ServeOptions): Promise<void> {
  const { file, config } = await loadConfig(named);
  const logger = createLogger(config, outputLines());
  const server = await startTrackServer({
    config: { ...config, server: { ...config.server, ...listen } },
    logger,
    telemetry: findTelemetry(file),
  });
  logger.info({ url: server.url, admin: server.adminUrl, config: file }, `Taking events at ${server.url}`);

  await new Promise<void>((stopped) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (asked) {
        logger.warn({ signal }, 'Asked twice: ending at once. What was not delivered waits in the log.');
        process.exit(128 + constants.signals[signal]);
      }
      asked = true;
      logger.info({ signal }, 'Stopping: finishing what is under way, then delivering until the deadline');
      void server.stop().then(stopped);
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  });
  const books = server.collector.stats().destinations;
  const waiting = Object.fromEntries(Object.entries(books).map(([name, { pending }]) => [name, pending]));
  logger.info({ waiting }, 'Stopped');
  // A destination that hangs must not keep us.
  process.exit(0);
}

/** Lines on the output. Those that it does not take, as on a full disk, are lost: a server has more to do than to write them. */
function outputLines(): DestinationStream {
  let output = open();

  function open(): ReturnType<typeof pino.destination> {
    // One that failed keeps its lines, and would keep all that come.
    return pino.destination({ dest: 1, sync: true }).on('error', () => {
      output = open();
    });
  }

  return { write: (line) => void output.write(line) };
}
