import type { AnyPlan, Plan } from '@org/track-core';
import type { CollectorOptions } from '../collector/collector-options.ts';
import type { SqliteLogOptions } from '../log/sqlite-log.ts';

/** Where the server listens for events, and how it stops. */
export interface ServerSettings {
  /** Default `0.0.0.0`: every address of the machine. */
  readonly host?: string;
  /** Default 8080; 0 for any that is free. */
  readonly port?: number;
  /**
   * How long requests are still taken after SIGTERM, while the load balancer notices that we are not ready any more.
   * Milliseconds, default 0; behind a load balancer a little more than the time between two of its checks.
   */
  readonly leaveDelayMs?: number;
  /** How long requests under way and deliveries may take after that, milliseconds. Default 10,000. */
  readonly stopDeadlineMs?: number;
}

/** Where the operators' side listens: `/health`, `/metrics`, and what the command line asks for. */
export interface AdminSettings {
  /** Default `127.0.0.1`: whoever is on the machine. */
  readonly host?: string;
  /** Default 9464; 0 for any that is free. */
  readonly port?: number;
  /**
   * Lets an app erase and export people at `/v1/privacy/…`, with this as bearer token: 16 characters or more, no write
   * key. Default: nobody can, but for the command line.
   */
  readonly secretKey?: string;
}

/** The log's file, with its limits. */
export interface LogSettings extends Omit<SqliteLogOptions, 'now'> {
  readonly path: string;
}

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof logLevels)[number];

/** What `track serve` runs: the collector's own options, and where it listens. Paths are relative to the config's folder. */
export interface TrackConfig<P extends Plan = AnyPlan>
  extends Omit<CollectorOptions<P>, 'log' | 'clock' | 'onDiagnostic'> {
  /** The path trackers post to: a word of your own, such as `/api/j`. */
  readonly endpoint: string;
  /** The log's file, such as `.track/log.db`; `:memory:` for tests. */
  readonly log: string | LogSettings;
  readonly server?: ServerSettings;
  readonly admin?: AdminSettings;
  /** From which level on the server writes lines of JSON to its output. Default `info`. */
  readonly logLevel?: LogLevel;
  /** For other people's end-to-end tests: the admin port says at `/test/all`, `/test/good`, `/test/bad` what came. Default false. */
  readonly testMode?: boolean;
}

/** Gives a config its types: `export default defineConfig({ … })` in `track.config.ts`. It is checked when it is loaded. */
export function defineConfig<P extends Plan = AnyPlan>(config: TrackConfig<P>): TrackConfig<P> {
  return config;
}
