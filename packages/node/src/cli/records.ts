import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { loadConfig } from '../config/load-config.ts';
import type { Revived } from '../log/record.ts';
import type { Operations, Resubmitted, Standing } from '../server/operations.ts';
import { type Desk, openDesk } from './desk.ts';
import { jsonText, note, printable, say, sayJson, sayTable, timeOf } from './output.ts';

export interface RecordOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export interface ListOptions extends RecordOptions {
  readonly limit: number;
  readonly before?: number;
  readonly destination?: string;
}

/** Opens the desk for one piece of work. */
export async function atDesk<T>(named: string | undefined, work: (desk: Desk) => Promise<T>): Promise<T> {
  const desk = await openDesk(await loadConfig(named));
  try {
    return await work(desk);
  } finally {
    await desk.close();
  }
}

export function deadList({ config, json, limit, before, destination }: ListOptions): Promise<void> {
  return atDesk(config, async ({ operations }) => {
    const page = { limit, ...(before === undefined ? {} : { before }) };
    const letters = await operations.deadList({
      ...page,
      ...(destination === undefined ? {} : { consumer: destination }),
    });
    if (letters.length === 0) return noneFound(destination, await operations.standing({}));
    if (json) for (const letter of letters) sayJson(letter);
    else {
      const rows = letters.map(({ id, at, consumer, reason, messageId }) => [
        `${id}`,
        timeOf(at),
        consumer,
        reason,
        messageId,
      ]);
      sayTable(['id', 'refused at', 'destination', 'reason', 'messageId'], rows);
    }
  });
}

export function quarantineList({ config, json, limit, before }: ListOptions): Promise<void> {
  return atDesk(config, async ({ operations }) => {
    const records = await operations.quarantineList({ limit, ...(before === undefined ? {} : { before }) });
    if (records.length === 0) return note('There is none.');
    if (json) for (const record of records) sayJson(record);
    else {
      const rows = records.map(({ id, receivedAt, messageId = '-', issues }) => [
        `${id}`,
        timeOf(receivedAt),
        messageId,
        issues.map(({ path, code }) => (path === '' ? code : `${path}: ${code}`)).join('; '),
      ]);
      sayTable(['id', 'received at', 'messageId', 'what is wrong'], rows);
    }
  });
}

/** Shows a record whole, with the event in a form that `fix` takes. */
export function deadShow(id: number, { config, json }: RecordOptions): Promise<void> {
  return atDesk(config, async ({ operations }) => {
    const letter = await operations.deadShow({ id });
    if (letter === null) return missing('dead letter', id);
    const { event, stored, ...facts } = letter;
    show({ ...facts, event: stored ?? JSON.parse(event) }, json);
  });
}

export function quarantineShow(id: number, { config, json }: RecordOptions): Promise<void> {
  return atDesk(config, async ({ operations }) => {
    const record = await operations.quarantineShow({ id });
    if (record === null) return missing('quarantined event', id);
    show({ ...record, event: jsonOrText(record.event) }, json);
  });
}

function show(record: object, json = false): void {
  say(jsonText(record, json ? 0 : 2));
}

function missing(what: string, id: number): void {
  note(`There is no ${what} ${id}.`);
  process.exitCode = 1;
}

/** Sends records on their way again as they are. */
export function deadReplay(ids: readonly number[], options: ListOptions & { readonly all?: boolean }): Promise<void> {
  const { config, json, all = false, destination } = options;
  requireChoice(ids, all);
  return atDesk(config, async ({ operations, isServed }) => {
    const page = destination === undefined ? {} : { consumer: destination };
    let found = 0;
    const chosen = all ? allIds((before) => operations.deadList({ ...page, limit: pageSize, ...before })) : ids;
    for await (const id of chosen) {
      found++;
      const isOthers = !all && destination !== undefined && (await isOfAnother(destination, id, operations));
      tellRevived(id, isOthers ? 'other-destination' : await operations.deadRevive({ id }), json);
    }
    if (found === 0) return noneFound(destination, await operations.standing({}));
    if (!isServed) note('No server runs on this log: the next one delivers.');
  });
}

async function isOfAnother(destination: string, id: number, operations: Operations): Promise<boolean> {
  const letter = await operations.deadShow({ id });
  return letter !== null && letter.consumer !== destination;
}

export function quarantineReplay(
  ids: readonly number[],
  options: RecordOptions & { readonly all?: boolean },
): Promise<void> {
  const { config, json, all = false } = options;
  requireChoice(ids, all);
  return atDesk(config, async ({ operations }) => {
    const chosen = all ? allIds((before) => operations.quarantineList({ limit: pageSize, ...before })) : ids;
    let found = 0;
    for await (const id of chosen) {
      found++;
      await tellFailure(id, json, async () => tellResubmitted(id, await operations.quarantineSubmit({ id }), json));
    }
    if (found === 0) note('There is none.');
  });
}

/** Sends a record on its way again with the event that stands in a file, or comes on the input. */
export function deadFix(id: number, file: string | undefined, { config, json }: RecordOptions): Promise<void> {
  return eventOf(file).then((event) =>
    atDesk(config, async ({ operations }) => tellRevived(id, await operations.deadRevive({ id, event }), json)),
  );
}

export function quarantineFix(id: number, file: string | undefined, { config, json }: RecordOptions): Promise<void> {
  return eventOf(file).then((event) =>
    atDesk(config, async ({ operations }) =>
      tellResubmitted(id, await operations.quarantineSubmit({ id, event }), json),
    ),
  );
}

export function deadRemove(ids: readonly number[], { config, json }: RecordOptions): Promise<void> {
  return atDesk(config, async ({ operations }) => {
    for (const id of ids) tellRemoved(id, await operations.deadRemove({ id }), json);
  });
}

export function quarantineRemove(ids: readonly number[], { config, json }: RecordOptions): Promise<void> {
  return atDesk(config, async ({ operations }) => {
    for (const id of ids) tellRemoved(id, await operations.quarantineRemove({ id }), json);
  });
}

/** Nothing to do is well, unless it is the name that nobody has. */
function noneFound(destination: string | undefined, { consumers }: Standing): void {
  if (destination === undefined || consumers.includes(destination)) return note('There is none.');
  throw new Error(`No destination "${destination}" has read this log; known are ${consumers.join(', ')}`);
}

function requireChoice(ids: readonly number[], all: boolean): void {
  if (ids.length > 0 === all) throw new Error('Which? Name ids as listed, or --all.');
}

const pageSize = 500;

/** The ids of all records, newest first, read page by page: those that are done with are not asked for again. */
async function* allIds(
  read: (page: { readonly before?: number }) => Promise<readonly { readonly id: number }[]>,
): AsyncGenerator<number> {
  for (let page: { before?: number } = {}; ; ) {
    const records = await read(page);
    for (const { id } of records) yield id;
    const oldest = records.at(-1);
    if (oldest === undefined) return;
    page = { before: oldest.id };
  }
}

type Told = Revived | 'other-destination';

const revivedWords: { readonly [told in Told]: string } = {
  revived: 'will be delivered again',
  unknown: 'there is no such dead letter',
  'other-destination': 'it is of another destination',
  gone: 'retention has taken its batch: it cannot be delivered again',
};

function tellRevived(id: number, revived: Told, json = false): void {
  if (revived !== 'revived') process.exitCode = 1;
  if (json) sayJson({ id, status: revived });
  else say(`${id}: ${revivedWords[revived]}`);
}

function tellResubmitted(id: number, { status, reason }: Resubmitted, json = false): void {
  if (status !== 'stored' && status !== 'duplicate') process.exitCode = 1;
  if (json) return sayJson({ id, status, ...(reason === undefined ? {} : { reason }) });
  const words = status === 'unknown' ? 'there is no such quarantined event' : status;
  say(printable(reason === undefined ? `${id}: ${words}` : `${id}: ${words}: ${reason}`));
}

function tellRemoved(id: number, wasThere: boolean, json = false): void {
  if (!wasThere) process.exitCode = 1;
  if (json) sayJson({ id, status: wasThere ? 'removed' : 'unknown' });
  else say(`${id}: ${wasThere ? 'removed' : 'there is no such record'}`);
}

/** One that cannot be replayed does not keep the others. */
async function tellFailure(id: number, json: boolean | undefined, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    tellResubmitted(id, { status: 'invalid', reason: (error as Error).message }, json);
  }
}

async function eventOf(file: string | undefined): Promise<object> {
  const source = file === undefined || file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  let event: unknown;
  try {
    event = JSON.parse(source);
  } catch (error) {
    throw new Error(`${file ?? 'The input'} is no JSON: ${(error as Error).message}`);
  }
  // As `show` prints it, the event is one of several fields.
  const inner = (event as { event?: unknown } | null)?.event;
  const chosen = typeof inner === 'object' && inner !== null ? inner : event;
  if (typeof chosen !== 'object' || chosen === null) throw new Error('Expected an event, as a JSON object.');
  return chosen;
}

function jsonOrText(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return source;
  }
}
