import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ErasedAt } from '../dispatch/dispatcher.ts';
import type { PersonIds, PersonRecord } from '../log/log.ts';
import { note, say, sayJson } from './output.ts';
import { atDesk } from './records.ts';

export interface PersonOptions {
  readonly config?: string;
  readonly user?: string;
  readonly anonymous?: string;
  readonly json?: boolean;
}

function personOf({ user, anonymous }: PersonOptions): PersonIds {
  if (user === undefined && anonymous === undefined) throw new Error('Whom? Name --user, --anonymous, or both.');
  return {
    ...(user === undefined ? {} : { userId: user }),
    ...(anonymous === undefined ? {} : { anonymousId: anonymous }),
  };
}

/** Erases a person from the log; without `yes` only says what that would take. */
export async function erase({
  yes = false,
  json,
  ...options
}: PersonOptions & { readonly yes?: boolean }): Promise<void> {
  const person = personOf(options);
  await atDesk(options.config, async ({ operations }) => {
    if (!yes) {
      const counts: Record<PersonRecord['store'], number> = { log: 0, quarantine: 0, 'dead-letters': 0 };
      for await (const { store } of operations.about(person)) counts[store]++;
      if (json) sayJson({ erased: false, ...counts });
      else
        say(`Found ${counts.log} events, ${counts.quarantine} in quarantine, ${counts['dead-letters']} dead letters.`);
      note('Nothing was erased: say --yes. It cannot be undone.');
      process.exitCode = 1;
      return;
    }
    const erased = await operations.erase(person);
    const { events, quarantined, deadLetters, anonymousIds, destinations } = erased;
    if (destinations.some(({ kind }) => kind === 'failed')) process.exitCode = 1;
    if (json) return sayJson({ erased: true, ...erased });
    say(`Erased ${events} events, ${quarantined} in quarantine, ${deadLetters} dead letters.`);
    const devices =
      anonymousIds.length === 0 ? '' : `, nor of the devices that were theirs alone: ${anonymousIds.join(' ')}`;
    say(`Nothing more of them is kept or carried on${devices}.`);
    for (const at of destinations) say(`${at.destination}: ${wordsOf(at)}`);
  });
}

function wordsOf(at: ErasedAt): string {
  switch (at.kind) {
    case 'erased':
      return 'was asked to forget them, and agreed';
    case 'unsupported':
      return 'offers no way to ask: erase them there yourself';
    case 'failed':
      return `did not forget them: ${at.reason}. Ask again, for each device with --anonymous too.`;
  }
}

/** Takes somebody off the list again: they came back, and agreed. */
export async function unsuppress(options: PersonOptions): Promise<void> {
  const person = personOf(options);
  await atDesk(options.config, async ({ operations }) => {
    await operations.unsuppress(person);
    if (options.json) sayJson({ unsuppressed: true });
    else say('Their events are taken again.');
  });
}

/** Writes all there is about a person, one JSON object on a line. */
export async function exportPerson({
  output,
  ...options
}: PersonOptions & { readonly output?: string }): Promise<void> {
  const person = personOf(options);
  // Before the process moves to the config's folder.
  const file = output === undefined ? undefined : resolve(output);
  await atDesk(options.config, async ({ operations }) => {
    // What is told about a person is for their eyes.
    const target: Writable = file === undefined ? process.stdout : createWriteStream(file, { mode: 0o600 });
    let records = 0;
    for await (const record of operations.about(person)) {
      records++;
      if (!target.write(`${JSON.stringify(record)}\n`)) await once(target, 'drain');
    }
    if (target !== process.stdout) await finished(target.end());
    note(`${records} records. What destinations have is theirs to tell.`);
  });
}
