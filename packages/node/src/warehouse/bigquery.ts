import { createHash } from 'node:crypto';
import type { ConsentCategory, DeliveryOutcome, Destination, DestinationLimits, Mapped } from '@org/track-core';
import { limitsOver } from '../config/limits-over.ts';
import { exchange, type HttpReply, type HttpRequest, jsonOf } from '../destination/http-exchange.ts';
import { textAt, valueAt } from '../destination/mapping.ts';
import { checkSettings, type Settings } from '../destination/settings.ts';
import { outcomeOfFailure, outcomeOfInsert } from './bigquery-answers.ts';
import { erasureQuery, type TablePlace, tableResource, viewResource } from './bigquery-schema.ts';
import { createTokens, TokenError } from './bigquery-token.ts';
import { UnfinishedErasure } from './count-erased.ts';
import { type Cell, columns, rowOf } from './event-row.ts';

export interface BigQueryOptions {
  /** The project's id. */
  readonly project: string;
  /** Where the table is. It is not made: only you know in which part of the world it may be. */
  readonly dataset: string;
  /** Made when missing, with a view `…_once` that shows each event once. Default `events`. */
  readonly table?: string;
  /**
   * An access token that is valid now, asked for before every request. Default what `google-auth-library` finds: the file
   * that `GOOGLE_APPLICATION_CREDENTIALS` names, or the machine's own account.
   */
  readonly token?: () => Promise<string>;
  /** Another address for the same. Default `https://bigquery.googleapis.com`. */
  readonly endpoint?: string;
  /** Default `bigquery`. Name it to have two in one collector. */
  readonly name?: string;
  /** Consent every event needs besides its own purpose. Default none. */
  readonly requires?: readonly ConsentCategory[];
  readonly limits?: DestinationLimits;
}

/** Rows in a request that BigQuery recommends at most. https://cloud.google.com/bigquery/quotas#streaming_inserts */
const maxEvents = 500;
/** A request may have 10 MB; what stands around rows needs some of it. */
const maxBytes = 9_500_000;
const defaultLimits = {
  maxEvents,
  maxBytes,
  maxWaitMs: 1_000,
  concurrency: 4,
  timeoutMs: 30_000,
} satisfies DestinationLimits;

/** A table that was just made takes no rows yet, for up to some minutes. */
const newTableRestMs = 10_000;

/** How long one request waits for a deletion, milliseconds; then it is asked how far it is. */
const queryWaitMs = 10_000;

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll */
const maxInsertIdLength = 128;

/**
 * Streams events into a table of BigQuery, with the columns of the other warehouses; times partition it by day. An event
 * again within about a minute is the same row, by its `messageId`; later it is another one, which the view leaves out.
 *
 * @throws TypeError for an option that is unknown or not what it must be
 */
export function bigquery(options: BigQueryOptions): Destination {
  checkOptions(options);
  const { project, dataset, table = 'events', name = 'bigquery', requires = [] } = options;
  const tokens = createTokens(options.token, project);
  const place: TablePlace = { project, dataset, table };
  const base = `${(options.endpoint ?? 'https://bigquery.googleapis.com').replace(/\/+$/, '')}/bigquery/v2/projects/${project}`;
  const tables = `${base}/datasets/${dataset}/tables`;

  async function ask(request: Pick<HttpRequest, 'url' | 'method' | 'body'>, signal: AbortSignal): Promise<HttpReply> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${await tokens.current()}` };
    return exchange({ ...request, headers }, signal);
  }

  /** Makes the table and the view; resolves with why that is not possible. */
  async function setUp(signal: AbortSignal): Promise<DeliveryOutcome | undefined> {
    for (const resource of [tableResource(place), viewResource(place)]) {
      const reply = await ask({ url: tables, body: JSON.stringify(resource) }, signal);
      const isThere = (reply.status >= 200 && reply.status < 300) || reply.status === 409;
      if (!isThere) return outcomeOfFailure(reply, false);
    }
  }

  return {
    name,
    requires,
    isWarehouse: true,
    idempotency: 'keyed',
    limits: limitsOver(defaultLimits, options.limits),
    open: tokens.open,
    map(event): Mapped {
      const made = rowOf(event);
      if ('reason' in made) return { kind: 'dead', reason: made.reason };
      return { kind: 'mapped', items: [itemOf(made.row)] };
    },
    async deliver(events, { signal, items = [] }) {
      try {
        const body = `{"skipInvalidRows":true,"rows":[${items.flat().join()}]}`;
        const reply = await ask({ url: `${tables}/${table}/insertAll`, body }, signal);
        if (reply.status >= 200 && reply.status < 300) return outcomeOfInsert(reply, events);
        if (reply.status !== 404) return outcomeOfFailure(reply, true);
        const problem = await setUp(signal);
        return problem ?? { kind: 'retry', reason: 'http-404', retryAfterMs: newTableRestMs };
      } catch (error) {
        if (error instanceof TokenError) return { kind: 'retry', reason: 'config' };
        throw error;
      }
    },
    async erase(person, { signal }) {
      const query = { ...erasureQuery(place, person), timeoutMs: queryWaitMs };
      let reply = await ask({ url: `${base}/queries`, body: JSON.stringify(query) }, signal).catch((error: unknown) => {
        throw error instanceof TokenError ? new UnfinishedErasure(error, 0) : error;
      });
      if (isNoTable(reply)) return { rows: 0 };
      // What is refused at once has done nothing.
      if (reply.status >= 400 && reply.status < 500) throw new UnfinishedErasure(refusalOf(reply), 0);
      while (reply.status === 200 && valueAt(jsonOf(reply), 'jobComplete') === false) {
        const job = encodeURIComponent(textAt(jsonOf(reply), 'jobReference.jobId') ?? '');
        const location = encodeURIComponent(textAt(jsonOf(reply), 'jobReference.location') ?? '');
        const url = `${base}/queries/${job}?location=${location}&timeoutMs=${queryWaitMs}&maxResults=0`;
        reply = await ask({ url, method: 'GET' }, signal);
      }
      if (reply.status !== 200) {
        const refusal = refusalOf(reply);
        throw isTooFresh(reply) ? new UnfinishedErasure(refusal, 0) : refusal;
      }
      const rows = textAt(jsonOf(reply), 'numDmlAffectedRows');
      return rows === undefined ? undefined : { rows: Number(rows) };
    },
  };
}

/** Nothing was ever delivered: the first delivery makes the table. */
const isNoTable = (reply: HttpReply): boolean =>
  reply.status === 404 && /^not found: table\b/i.test(textAt(jsonOf(reply), 'error.message') ?? '');

const isTooFresh = ({ body }: HttpReply): boolean => /streaming buffer/i.test(body);

function refusalOf(reply: HttpReply): Error {
  return new Error(
    isTooFresh(reply)
      ? 'BigQuery deletes no rows it got in the last 30 minutes, 90 at most: nothing is erased, ask again'
      : `http-${reply.status}`,
  );
}

/** JSON columns take the JSON's text. */
function itemOf(row: readonly Cell[]): string {
  const fields = columns.flatMap(({ name }, index) => {
    const cell = row[index] ?? null;
    if (cell === null) return [];
    const text = typeof cell === 'bigint' ? new Date(Number(cell / 1_000n)).toISOString() : cell;
    return [`"${name}":${JSON.stringify(text)}`];
  });
  return `{"insertId":${JSON.stringify(insertIdOf(String(row[0])))},"json":{${fields.join()}}}`;
}

/** An id that BigQuery takes: a hash is as unique. */
function insertIdOf(messageId: string): string {
  return messageId.length <= maxInsertIdLength ? messageId : createHash('sha256').update(messageId).digest('hex');
}

const ownSettings: Settings = {
  project: { kind: 'text', isRequired: true, text: '', pattern: [/^[a-z0-9.:-]{1,100}$/, "a project's id"] },
  dataset: { kind: 'text', isRequired: true, text: '', pattern: [/^\w{1,1024}$/, 'letters, digits and underscores'] },
  table: { kind: 'text', text: '', pattern: [/^\w{1,1000}$/, 'letters, digits and underscores'] },
  endpoint: { kind: 'url', text: '' },
  name: { kind: 'text', text: '' },
};

function checkOptions(options: BigQueryOptions): void {
  const { token, requires, limits, ...others } = options ?? {};
  checkSettings('bigquery', options === undefined ? options : others, ownSettings, ['token', 'requires', 'limits']);
  if (token !== undefined && typeof token !== 'function') throw new TypeError('bigquery: token: expected a function');
  if (requires !== undefined && !Array.isArray(requires)) throw new TypeError('bigquery: requires: expected a list');
  if (limits !== undefined && (typeof limits !== 'object' || limits === null)) {
    throw new TypeError('bigquery: limits: expected an object with limits');
  }
}
