import { checkNestedOptions, collectorRules } from '../collector/collector-options.ts';
import { checkObject, describe, isAboveZero, isObject, isOneOf, isText, isWholeFromZero, type Rules } from './rules.ts';
import { logLevels, type TrackConfig } from './track-config.ts';

const { log: _log, clock: _clock, onDiagnostic: _onDiagnostic, ...shared } = collectorRules;

const isPort = (value: unknown): boolean => isWholeFromZero(value) && (value as number) <= 65_535;
const port = ['a port, 0 to 65535', isPort] as const;
const host = ['a host name or address', isText] as const;

const rules: Rules = {
  endpoint: [
    'a path such as "/api/j", as it stands in a URL, without query, and not /health, which is taken',
    isEndpoint,
  ],
  log: ['a file\'s path such as ".track/log.db", or { path, … }', (value) => isText(value) || isObject(value)],
  ...shared,
  server: ['an object such as { port: 8080 }', isObject],
  admin: ['an object such as { port: 9464 }', isObject],
  logLevel: [logLevels.map((level) => `"${level}"`).join(', '), isOneOf(...logLevels)],
  testMode: ['true or false', (value) => typeof value === 'boolean'],
};

const logRules: Rules = {
  path: ["a file's path", isText],
  retentionMs: ['a number above 0', isAboveZero],
  dedupeIds: ['a number above 0', isAboveZero],
  maxBytes: ['a number above 0', isAboveZero],
};

const serverRules: Rules = {
  host,
  port,
  leaveDelayMs: ['milliseconds, 0 or more', isWholeFromZero],
  stopDeadlineMs: ['milliseconds, 0 or more', isWholeFromZero],
};

const minSecretLength = 16;

const adminRules: Rules = {
  host,
  port,
  secretKey: [
    `a text of ${minSecretLength} characters or more`,
    (value) => typeof value === 'string' && value.length >= minSecretLength,
  ],
};

/**
 * @param where - the config's file, for errors
 * @throws TypeError for the first thing that is unknown, missing or not what it must be
 */
export function checkConfig(where: string, config: unknown): asserts config is TrackConfig {
  checkObject(where, config, rules, ['endpoint', 'log']);
  const { log, server = {}, admin = {}, destinations = [], ...options } = config as unknown as TrackConfig;
  if (typeof log !== 'string') checkObject(`${where}: log`, log, logRules, ['path']);
  checkObject(`${where}: server`, server, serverRules, []);
  checkObject(`${where}: admin`, admin, adminRules, []);
  checkNestedOptions(where, options);
  for (const [index, destination] of (destinations as readonly unknown[]).entries()) {
    if (isObject(destination) && isText(destination.name) && typeof destination.deliver === 'function') continue;
    throw new TypeError(
      `${where}: destinations[${index}]: expected a destination such as duckdb(path), got ${describe(destination)}`,
    );
  }
}

function isEndpoint(value: unknown): boolean {
  if (typeof value !== 'string' || !/^(?:\/[^\s/?#]+)+$/.test(value) || /^\/health(?:\/|$)/.test(value)) return false;
  // "/maß" is asked for as "/ma%C3%9F", and "/a/../b" as "/b": nothing would ever come to them.
  return URL.canParse(value, 'http://server') && new URL(value, 'http://server').pathname === value;
}
