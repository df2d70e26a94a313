import { createHash, type Hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  CollectedEvent,
  ConsentCategory,
  DeliveryOutcome,
  Destination,
  DestinationLimits,
  SendVerdict,
} from '@org/track-core';
import { limitsOver } from '../config/limits-over.ts';
import { checkSettings, type Settings } from '../destination/settings.ts';
import { countErased } from './count-erased.ts';
import { refusalOf } from './duckdb-errors.ts';
import { columns, rowOf } from './event-row.ts';
import type { EventRow, FileFormat } from './file-format.ts';
import { type FileStore, StoreError } from './file-store.ts';
import { localFileStore } from './local-file-store.ts';
import { ndjsonFormat } from './ndjson-format.ts';
import { parquetFormat } from './parquet-format.ts';
import { erasePerson, exportPerson } from './person-in-files.ts';
import { isS3Url, type S3Options, s3FileStore } from './s3-file-store.ts';

export { type EventsInOptions, eventsIn } from './events-in.ts';
export type { S3Credentials, S3Options } from './s3-file-store.ts';

export interface FilesOptions {
  /** Where: a folder (`./lake`), or a bucket of S3 or whatever speaks like it (`s3://bucket/prefix`). */
  readonly to: string;
  /** `parquet` needs the package `@duckdb/node-api`; `ndjson`, a line of JSON for each event, nothing. Default `parquet`. */
  readonly format?: 'parquet' | 'ndjson';
  /** Packs `ndjson`. Default `true`. */
  readonly gzip?: boolean;
  /** For `s3://…`. */
  readonly s3?: S3Options;
  /** Default `files`. Name it to have two in one collector. */
  readonly name?: string;
  /** Consent every event needs besides its own purpose. Default none. */
  readonly requires?: readonly ConsentCategory[];
  /** How large files become: one is written when `maxEvents` or `maxBytes` are there, or after `maxWaitMs`. */
  readonly limits?: DestinationLimits;
}

/** A minute's events to a file, and no more than a process should hold. */
const defaultLimits = {
  maxEvents: 10_000,
  maxBytes: 8 * 1024 * 1024,
  maxWaitMs: 60_000,
  timeoutMs: 120_000,
} satisfies DestinationLimits;

/** Is in no text of ours that people write. */
const cellEnd = '\u001f';

/** Events that become rows before other work of the process gets its turn. */
const rowsPerTurn = 256;

const receivedAt = columns.findIndex(({ name }) => name === 'received_at');

/**
 * Keeps events in files: `dt=2026-01-31/hour=09/…`, by when they were received (UTC), with the columns of the warehouses.
 * A file is there whole or not at all. Its name says what is in it, so that writing a batch again leaves one file; where
 * a batch was put together anew, an event can be in two: read them by `eventsIn`, which shows each once.
 *
 * @throws TypeError for an option that is unknown or not what it must be
 */
export function files(options: FilesOptions): Destination {
  checkOptions(options);
  const { to, format = 'parquet', gzip = true, s3, name = 'files', requires = [] } = options;
  const store = isS3Url(to) ? s3FileStore(to, s3) : localFileStore(to);
  const formats = [parquetFormat(), ndjsonFormat(true), ndjsonFormat(false)] as const;
  const [parquet, packed, plain] = formats;
  const own = format === 'parquet' ? parquet : gzip ? packed : plain;
  let lastWrite: Promise<unknown> = Promise.resolve();

  /** Lets a write begin when the one before it is over: a delivery the queue gave up may still be at work. */
  function inTurn<T>(write: () => Promise<T>): Promise<T> {
    const result = lastWrite.then(write);
    lastWrite = result.catch(() => {});
    return result;
  }

  return {
    name,
    requires,
    isWarehouse: true,
    idempotency: 'native',
    limits: limitsOver(defaultLimits, options.limits),
    open: store.open,
    deliver: (events, { signal }) =>
      inTurn(async () => {
        if (signal.aborted) return { kind: 'retry', reason: 'timeout' };
        const { folders, verdicts } = await sorted(events);
        let written = 0;
        for (const [folder, content] of folders) {
          try {
            await writeFile(store, own, folder, content, signal);
            written++;
          } catch (error) {
            if (written === 0) return outcomeOf(error);
            // What is in its file has its fate; the next delivery is told what is the matter.
            for (const row of [...folders.values()].slice(written).flatMap(({ rows }) => rows)) {
              verdicts.set(String(row[0]), { kind: 'retry', reason: 'not-written' });
            }
            break;
          }
        }
        return { kind: 'delivered', verdicts };
      }),
    erase: (person, { signal }) =>
      countErased(async (tally) => {
        // What a killed process was about to write may be theirs too.
        await store.open();
        await erasePerson(person, { store, formats, inTurn, signal }, tally);
      }),
    export: (person, { signal }) => exportPerson(person, { store, formats, inTurn, signal }),
    close: () =>
      inTurn(async () => {
        await Promise.all(formats.map((each) => each.close()));
        await store.close();
      }),
  };
}

/** What becomes one file. */
interface FileContent {
  readonly rows: EventRow[];
  /** Of the rows so far. */
  readonly hash: Hash;
}

interface SortedEvents {
  /** By the folder they belong into. */
  readonly folders: ReadonlyMap<string, FileContent>;
  /** Of events that have no row. */
  readonly verdicts: Map<string, SendVerdict>;
}

async function sorted(events: readonly CollectedEvent[]): Promise<SortedEvents> {
  const folders = new Map<string, FileContent>();
  const verdicts = new Map<string, SendVerdict>();
  for (const [index, event] of events.entries()) {
    if (index % rowsPerTurn === rowsPerTurn - 1) await nextTurn();
    const made = rowOf(event);
    if ('reason' in made) {
      verdicts.set(event.messageId, { kind: 'dead', reason: made.reason });
      continue;
    }
    const [day, time = ''] = receivedOf(made.row).split('T');
    const folder = `dt=${day}/hour=${time.slice(0, 2)}`;
    const content = folders.get(folder) ?? { rows: [], hash: createHash('sha256') };
    content.rows.push(made.row);
    content.hash.update(`${made.row.join(cellEnd)}\n`);
    folders.set(folder, content);
  }
  return { folders, verdicts };
}

async function writeFile(
  store: FileStore,
  format: FileFormat,
  folder: string,
  { rows, hash }: FileContent,
  signal: AbortSignal,
): Promise<void> {
  // Minute and second of the first row, for people, and a hash of all: the same rows have the same name.
  const [, minute = '', second = ''] = receivedOf(rows[0]).split(/[:.]/);
  const name = `${minute}${second}-${hash.copy().digest('hex').slice(0, 32)}${format.ending}`;
  const draft = await store.draft();
  try {
    await format.write(rows, draft);
    await store.put(`${folder}/${name}`, draft, signal);
  } finally {
    await store.discard(draft);
  }
}

const receivedOf = (row: EventRow | undefined): string => new Date(Number(row?.[receivedAt]) / 1_000).toISOString();

/** A full disk is no error of ours: whatever is not known here is thrown, told to the host, and tried again. */
function outcomeOf(error: unknown): DeliveryOutcome {
  if (error instanceof StoreError) return error.outcome;
  const reason = refusalOf(error);
  if (reason === undefined) throw error;
  return { kind: 'split', reason };
}

const ownSettings: Settings = {
  to: { kind: 'text', isRequired: true, text: '' },
  format: { kind: 'choice', choices: ['parquet', 'ndjson'], text: '' },
  gzip: { kind: 'flag', text: '' },
  name: { kind: 'text', text: '' },
};

function checkOptions(options: FilesOptions): void {
  const { requires, limits, s3, ...others } = options ?? {};
  checkSettings('files', options === undefined ? options : others, ownSettings, ['requires', 'limits', 's3']);
  const { to, format, gzip } = options;
  if (requires !== undefined && !Array.isArray(requires)) throw new TypeError('files: requires: expected a list');
  if (limits !== undefined && (typeof limits !== 'object' || limits === null)) {
    throw new TypeError('files: limits: expected an object with limits');
  }
  if (gzip !== undefined && format !== 'ndjson') throw new TypeError('files: gzip: is for the format "ndjson" alone');
  if (s3 !== undefined && !isS3Url(to)) throw new TypeError('files: s3: is for "s3://bucket/prefix" alone');
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(to) && !isS3Url(to)) {
    throw new TypeError('files: to: expected a folder or s3://bucket/prefix, got another URL');
  }
}
