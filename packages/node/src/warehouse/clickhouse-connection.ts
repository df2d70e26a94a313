import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';

export interface ClickHouseAddress {
  /** Scheme, host and port: no credentials, for this may show in errors. */
  readonly origin: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** Settings of a request, and its `database`, which may be missing yet. What a server does not know, it refuses. */
export type Settings = Readonly<Record<string, string | number>>;

export interface Question {
  /** For `{name:Type}` in the text. */
  readonly params?: Record<string, unknown>;
  readonly settings?: Settings;
  /** Rows of an INSERT, in the format it names. */
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Sends statements to one server over HTTP. */
export interface ClickHouseConnection {
  /** The reply's text. Rejects with `AnswerError` for an answer that is no success. */
  ask(sql: string, question?: Question): Promise<string>;
  close(): Promise<void>;
}

/** What the server said against a statement. Its words may quote the data they are about. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
  /** ClickHouse's number for it; undefined where something else answered, such as a proxy. */
  readonly code: number | undefined;
  readonly status: number;
  readonly retryAfter: string | undefined;
  constructor(code: number | undefined, status: number, words: string, retryAfter?: string) {
    super(words);
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const connections = 4;
/** Of an answer that is an error, characters that are kept. */
const maxWords = 2_000;

/**
 * The official client for connections and placeholders. Its `exec` hands out answers as they are: its own reading of
 * errors knows neither the status of a proxy's nor the form that servers before 20 write them in.
 */
export function connectClickHouse(address: ClickHouseAddress, timeoutMs: number): ClickHouseConnection {
  const { origin, user, password } = address;
  const client: ClickHouseClient = createClient({
    url: origin,
    username: user,
    password,
    application: '@org/track-node',
    request_timeout: timeoutMs,
    max_open_connections: connections,
    compression: { request: { codec: 'gzip', level: 1 } }, // JSON lines shrink to a tenth at the lowest level
    log: { level: ClickHouseLogLevel.OFF },
  });
  return {
    async ask(sql, { params, settings, body, signal } = {}) {
      const answer = await client.exec({
        query: sql,
        ignore_error_response: true,
        ...(params === undefined ? {} : { query_params: params }),
        ...(settings === undefined ? {} : { clickhouse_settings: settings }),
        ...(body === undefined ? {} : { values: Readable.from([body]) }),
        ...(signal === undefined ? {} : { abort_signal: signal }),
      });
      const words = await text(answer.stream);
      const status = answer.http_status_code ?? 0;
      const header = answer.response_headers['x-clickhouse-exception-code'];
      if (status === 200 && header === undefined) return words;
      const code = header ?? /^Code: (\d+)/.exec(words)?.[1];
      const retryAfter = answer.response_headers['retry-after'];
      throw new AnswerError(
        code === undefined ? undefined : Number(code),
        status,
        words.trim().slice(0, maxWords) || `status ${status}`,
        typeof retryAfter === 'string' ? retryAfter : undefined,
      );
    },
    close: () => client.close(),
  };
}

/** Any text as a literal. Placeholders would be cleaner; servers before 20 have none. */
export const quoted = (value: string): string => `'${value.replace(/[\\']/g, '\\$&')}'`;

/** A name that may be any. */
export const named = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&')}\``;

/** The rows of a reply in the format JSONEachRow. */
export const linesOf = <Row>(reply: string): readonly Row[] =>
  reply
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
