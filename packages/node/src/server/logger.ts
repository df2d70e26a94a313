import type { Diagnostic } from '@org/track-core';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { TrackConfig } from '../config/track-config.ts';

export type { Logger } from 'pino';

/** What stands for a secret in a line. */
const censor = '[secret]';

/** Shorter texts would be found in words. */
const minSecretLength = 6;

/** Takes every secret key out of a text, as it is and as it stands inside of JSON. */
export function createSecretFilter({
  keys = {},
  admin: { secretKey } = {},
}: Pick<TrackConfig, 'keys' | 'admin'>): (text: string) => string {
  const secrets = Object.entries(keys)
    .flatMap(([writeKey, { source, previous = [] }]) => (source === 'server' ? [writeKey, ...previous] : []))
    .concat(secretKey ?? [])
    .filter((secret) => secret.length >= minSecretLength)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    // One that begins like another would leave its end behind.
    .sort((one, other) => other.length - one.length);
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, censor), text);
}

/** Lines of JSON, without any write key of the config in them, whatever a destination puts into its errors. */
export function createLogger(
  { logLevel = 'info', ...config }: Pick<TrackConfig, 'keys' | 'admin' | 'logLevel'>,
  stream: DestinationStream,
): Logger {
  const withoutSecrets = createSecretFilter(config);
  return pino(
    {
      level: logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor },
      hooks: { streamWrite: withoutSecrets },
    },
    stream,
  );
}

const secretFields = ['writeKey', 'authorization', 'cookie', 'password', 'token', 'secret', 'apiKey'];

/** What somebody should do something about. All else that is reported goes by itself, or is a sender's affair. */
const errors: ReadonlySet<string> = new Set(['log-unavailable', 'collector-failed', 'secret-key-exposed']);
const warnings =
  /^(?:destination-.*|send-failed|no-consent-vouched|rate-limited|previous-key-used|undelivered|.*-failed)$/;

const whyItFailed: ReadonlySet<string> = new Set(['destination-failed', 'destination-open-failed']);

/** The collector's diagnostics as lines. */
export function diagnosticsTo(logger: Logger): (diagnostic: Diagnostic) => void {
  const explained = new Set<string>();

  /** What a destination threw is told first; that the delivery failed by it says nothing more. */
  function isExplained(code: string, detail: string): boolean {
    const [destination = ''] = detail.split(':');
    if (whyItFailed.has(code)) explained.add(destination);
    return code === 'send-failed' && explained.delete(destination);
  }

  return ({ code, detail }) => {
    const isNoise = isExplained(code, detail);
    const level = isNoise ? 'debug' : errors.has(code) ? 'error' : warnings.test(code) ? 'warn' : 'info';
    logger[level]({ code, detail }, `${code}: ${detail}`);
  };
}
