import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ErasureReceipt } from '../log/erasure-receipt.ts';
import type { PersonIds } from '../log/person.ts';
import type { KnownOfPerson } from '../server/operations.ts';
import { jsonText, note, printable, say, sayJson, sayTable, timeOf } from './output.ts';
import { atDesk } from './records.ts';

export interface PersonOptions {
  readonly config?: string;
  readonly user?: string;
  readonly anonymous?: string;
  readonly json?: boolean;
}

function personOf({ user, anonymous }: PersonOptions): PersonIds {
  if (user === undefined && anonymous === undefined) throw new Error('Whom? Name --user, --anonymous, or both.');
  // As of a variable that is not set: of nobody there is nothing, and that would be believed.
  if (user === '' || anonymous === '') throw new Error('Whom? --user and --anonymous expect an id that is not empty.');
  return {
    ...(user === undefined ? {} : { userId: user }),
    ...(anonymous === undefined ? {} : { anonymousId: anonymous }),
  };
}

/** Erases a person everywhere; without `yes` only says what that would take. */
export async function erase({
  yes = false,
  json,
  ...options
}: PersonOptions & { readonly yes?: boolean }): Promise<void> {
  const person = personOf(options);
  await atDesk(options.config, async ({ operations }) => {
    if (!yes) {
      const counts: Record<KnownOfPerson['store'], number> = {
        log: 0,
        quarantine: 0,
        'dead-letters': 0,
        destination: 0,
      };
      for await (const { store } of operations.about(person)) counts[store]++;
      if (json) sayJson({ erased: false, ...counts });
      else {
        const { log, quarantine, destination } = counts;
        const letters = counts['dead-letters'];
        say(
          `Found ${log} events, ${quarantine} in quarantine, ${letters} dead letters, ${destination} rows of warehouses.`,
        );
      }
      note('Nothing was erased: say --yes. It cannot be undone.');
      process.exitCode = 1;
      return;
    }
    const { receipt, anonymousIds } = await operations.erase(person);
    if (receipt.stage !== 'done') process.exitCode = 1;
    if (json) return sayJson({ erased: true, ...receipt, anonymousIds });
    const { events, quarantined, deadLetters, destinations } = receipt;
    say(`Erased ${events} events, ${quarantined} in quarantine, ${deadLetters} dead letters.`);
    const devices =
      anonymousIds.length === 0 ? '' : `, nor of the devices that were theirs alone: ${anonymousIds.join(' ')}`;
    say(printable(`Nothing more of them is kept or carried on${devices}.`));
    for (const at of destinations) say(printable(`${at.destination}: ${wordsOf(at)}`));
    say(`Receipt ${receipt.id}`);
  });
}

type ErasedAtOne = ErasureReceipt['destinations'][number];

function wordsOf(at: ErasedAtOne): string {
  const { state, reason, nextAt } = at;
  const why = reason === undefined ? '' : `: ${reason}`;
  const but = reason === undefined ? '' : ` (${reason})`;
  const rows = rowsOf(at);
  switch (state) {
    case 'erased':
      return `forgot them${rows === '' ? '' : `: ${rows}`}${but}`;
    case 'accepted':
      return `was asked to forget them, and agreed; it counts nothing${but}`;
    case 'unsupported':
      return 'offers no way to ask: erase them there yourself';
    case 'waiting': {
      const next =
        nextAt === undefined ? '' : ` It is asked again at ${timeOf(nextAt)}, and until it agrees, for 30 days.`;
      return `did not forget them${why}.${next}`;
    }
    case 'failed':
      return `never forgot them${why}. Erase them there yourself.`;
  }
}

/** A number only where it is known. */
function rowsOf({ rows, rowsAtLeast }: ErasedAtOne): string {
  if (rows !== undefined) return `${rows} rows`;
  if (rowsAtLeast === undefined) return '';
  return rowsAtLeast === 0 ? 'rows not known' : `at least ${rowsAtLeast} rows`;
}

export interface ReceiptOptions extends PersonOptions {
  readonly id?: string;
  readonly limit: number;
}

/** Lists receipts of erasures; with an id of a person those of theirs. Ends with 1 if one was asked for and there is none. */
export async function receipts({ config, json, id, limit, ...ids }: ReceiptOptions): Promise<void> {
  const isAsked = ids.user !== undefined || ids.anonymous !== undefined;
  const person = isAsked ? { person: personOf(ids) } : {};
  await atDesk(config, async ({ operations }) => {
    const found = await operations.receipts({ limit, ...person, ...(id === undefined ? {} : { id }) });
    if (found.length === 0 && (isAsked || id !== undefined)) process.exitCode = 1;
    if (json) {
      for (const receipt of found) sayJson(receipt);
      return;
    }
    if (found.length === 0) return note('There is none.');
    const rows = found.map(({ askedAt, finishedAt, events, quarantined, deadLetters, destinations, ...receipt }) => [
      receipt.id,
      timeOf(askedAt),
      finishedAt === undefined ? 'under way' : timeOf(finishedAt),
      `${events + quarantined + deadLetters}`,
      destinations.map((at) => [`${at.destination}: ${at.state}`, rowsOf(at)].filter(Boolean).join(' ')).join(', '),
    ]);
    sayTable(['RECEIPT', 'ASKED', 'DONE', 'TAKEN OUT', 'DESTINATIONS'], rows);
  });
}

/** Takes somebody off the list again: they came back, and agreed. Ends with 1 if they were not on it. */
export async function unsuppress(options: PersonOptions): Promise<void> {
  const person = personOf(options);
  await atDesk(options.config, async ({ operations }) => {
    const unsuppressed = await operations.unsuppress(person);
    if (!unsuppressed) process.exitCode = 1;
    if (options.json) sayJson({ unsuppressed });
    else if (unsuppressed)
      say('Events under this id are taken again, save from devices that are on the list themselves.');
    else note('Nobody of this id was on the list. Ids are compared letter by letter.');
  });
}

/** What is told about a person is for their eyes. */
const ownerOnly = 0o600;

/** Writes all there is about a person, one JSON object on a line. Ends with 1 if a warehouse did not tell. */
export async function exportPerson({
  output,
  ...options
}: PersonOptions & { readonly output?: string }): Promise<void> {
  const person = personOf(options);
  // Before the process moves to the config's folder.
  const file = output === undefined ? undefined : resolve(output);
  await atDesk(options.config, async ({ operations }) => {
    let records = 0;
    const silent = new Set<string>();
    async function* lines(): AsyncGenerator<string> {
      for await (const record of operations.about(person)) {
        if ('failed' in record) silent.add(`${record.destination}: ${record.failed}`);
        records++;
        yield `${jsonText(record)}\n`;
      }
    }
    if (file === undefined) await pipeline(lines, process.stdout, { end: false });
    else await pipeline(lines, (await openForOwner(file)).createWriteStream());
    note(`${records} records. What platforms have is theirs to tell.`);
    for (const each of silent) note(printable(`This is not all. ${each}`));
    if (silent.size > 0) process.exitCode = 1;
  });
}

async function openForOwner(path: string): Promise<FileHandle> {
  const file = await open(path, 'w', ownerOnly);
  // One that was there already keeps its mode. What is no file, as /dev/stdout, is not ours to change, and not every disk
  // knows of owners.
  if ((await file.stat()).isFile()) await file.chmod(ownerOnly).catch(() => {});
  return file;
}
