import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConsentCategory, ConsentPreferences } from '@org/track-core';
import { pageViewOf } from '../access-log/page-view-of.ts';
import { parseCombined } from '../access-log/parse-combined.ts';
import { readLines } from '../access-log/read-lines.ts';
import { loadConfig } from '../config/load-config.ts';
import { bots } from '../enrichment/bots.ts';
import type { BatchFacts } from '../log/accepted-batch.ts';
import type { Operations } from '../server/operations.ts';
import { openDesk } from './desk.ts';
import { note, say, sayJson, withProgress } from './output.ts';

export interface ImportOptions {
  readonly config?: string;
  readonly site: string;
  readonly consent?: readonly Exclude<ConsentCategory, 'necessary'>[];
  readonly json?: boolean;
}

/** What came of all lines. */
interface Tally {
  lines: number;
  stored: number;
  duplicates: number;
  /** Of those that were stored. */
  bots: number;
  /** Lines that are about no page. */
  others: number;
  malformed: number;
  /** By why: `consent_denied`, `invalid` … */
  readonly refused: Record<string, number>;
}

const eventsAtOnce = 500;

/** Malformed lines that are named; the others are counted. */
const maxNamed = 20;

/** Makes page views of access logs, in the order they are named. What is in the log already is left out. */
export async function importLogs(
  names: readonly string[],
  { config: named, site, consent: categories, json = false }: ImportOptions,
): Promise<void> {
  const files = names.map((name) => resolve(name));
  const loaded = await loadConfig(named);
  const consent: ConsentPreferences | undefined =
    categories === undefined
      ? loaded.config.consent
      : Object.fromEntries(categories.map((category) => [category, true]));
  if (consent === undefined) {
    throw new Error(
      'An access log says nothing about consent: vouch for it with --consent analytics, or in the config.',
    );
  }
  const facts = (): BatchFacts => ({ receivedAt: Date.now(), source: 'server', keyName: 'import', consent });
  const options = { site, ip: loaded.config.ip ?? 'truncated', visitorSecret: randomBytes(16) };
  const totalBytes = files.reduce((sum, file) => sum + statSync(file).size, 0);

  const desk = await openDesk(loaded);
  const tally: Tally = { lines: 0, stored: 0, duplicates: 0, bots: 0, others: 0, malformed: 0, refused: {} };
  const troubles: string[] = [];
  const importer = createImporter(desk.operations, facts, tally);
  const findBot = bots();

  /** What a line stands for goes on its way. */
  async function take(line: string, where: string): Promise<void> {
    tally.lines++;
    const access = parseCombined(line);
    if (access === undefined) {
      if (line.trim() === '') return;
      if (++tally.malformed <= maxNamed) troubles.push(where);
      return;
    }
    const view = pageViewOf(line, access, options) as { messageId: string; context: object } | undefined;
    if (view === undefined) {
      tally.others++;
      return;
    }
    const { userAgent } = access;
    const found = findBot.find({ ...(userAgent === undefined ? {} : { userAgent }), header: () => undefined })?.context;
    await importer.add({ ...view, context: { ...view.context, ...found } });
  }

  async function takeAll(advance: (bytes: number) => void): Promise<void> {
    for (const [index, file] of files.entries()) {
      let number = 0;
      try {
        for await (const line of readLines(file, advance)) await take(line, `${names[index]}:${++number}`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code?.startsWith('Z_') !== true) throw error;
        // A packed file that breaks off: what came before is good, and so are the other files.
        troubles.push(`${names[index]}:${number + 1} and on: ${(error as Error).message}`);
        process.exitCode = 1;
      }
    }
    await importer.flush();
  }

  try {
    await withProgress('Importing', totalBytes, takeAll);
  } finally {
    await desk.close();
  }
  if (tally.stored === 0 && tally.duplicates === 0 && tally.malformed > 0) process.exitCode = 1;
  if (json) return sayJson({ ...tally, troubles });
  say(
    `${tally.lines} lines: ${tally.stored} page views stored, ${tally.bots} by bots, ${tally.duplicates} were known.`,
  );
  for (const [why, count] of Object.entries(tally.refused)) say(`${count} were refused: ${why}`);
  if (tally.others > 0) say(`${tally.others} lines are about no page.`);
  if (tally.malformed > 0) say(`${tally.malformed} lines are not in the combined format.`);
  for (const trouble of troubles) note(trouble);
}

/** Hands events on by the batch; what one batch has twice goes once. */
function createImporter(
  operations: Operations,
  facts: () => BatchFacts,
  tally: Tally,
): { add(event: { readonly messageId: string; readonly context: object }): Promise<void>; flush(): Promise<void> } {
  let events = new Map<string, { readonly context: object }>();

  async function flush(): Promise<void> {
    if (events.size === 0) return;
    const { stored, refused } = await operations.submit({ events: [...events.values()], facts: facts() });
    for (const { messageId } of refused) events.delete(messageId);
    for (const { context } of events.values()) if ('bot' in context) tally.bots++;
    events = new Map();
    tally.stored += stored;
    for (const { status } of refused) {
      if (status === 'duplicate') tally.duplicates++;
      else tally.refused[status] = (tally.refused[status] ?? 0) + 1;
    }
  }

  return {
    async add(event) {
      if (events.has(event.messageId)) tally.duplicates++;
      else events.set(event.messageId, event);
      if (events.size >= eventsAtOnce) await flush();
    },
    flush,
  };
}
