#!/usr/bin/env node
import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../version.ts';
import { compact } from './compact.ts';
import { doctor } from './doctor.ts';
import { importLogs } from './import.ts';
import { erase, exportPerson, receipts, unsuppress } from './person.ts';
import {
  deadFix,
  deadList,
  deadRemove,
  deadReplay,
  deadShow,
  quarantineFix,
  quarantineList,
  quarantineRemove,
  quarantineReplay,
  quarantineShow,
} from './records.ts';
import { forget, replay } from './replay.ts';
import { serve } from './serve.ts';
import { tail } from './tail.ts';

const program = new Command('track')
  .description('Runs a tracking server, and looks after its log.')
  .version(version)
  .showHelpAfterError();

const defaultRecords = 20;
const defaultLines = 10;

function command(parent: Command, nameAndArguments: string, description: string): Command {
  return parent
    .command(nameAndArguments)
    .description(description)
    .option('-c, --config <file>', 'the config; default track.config.ts, .mts, .js or .mjs here');
}

function reporting(parent: Command, nameAndArguments: string, description: string): Command {
  return command(parent, nameAndArguments, description).option('--json', 'for machines: one JSON object on a line');
}

command(program, 'serve', 'Take events, keep them, deliver them. Stops with SIGTERM or Ctrl-C, without losing any.')
  .option('-p, --port <port>', 'in place of server.port', portOf)
  .option('--host <host>', 'in place of server.host', hostOf)
  .action(serve);

reporting(program, 'tail', 'Show the newest events, then those that arrive, stored or not, with the reason.')
  .option('-n, --lines <count>', 'of those that are in the log', countOf, defaultLines)
  .option('--no-follow', 'do not wait for more')
  .option('--event <name>', "a track event's name, or a type such as page")
  .option('--user-id <id>', 'of this user')
  .option('--anonymous-id <id>', 'of this device')
  .addOption(new Option('--source <source>', 'who sent it').choices(['browser', 'server']))
  .addOption(
    new Option('--status <status>', 'what became of it').choices([
      'stored',
      'duplicate',
      'invalid',
      'suppressed',
      'consent_denied',
    ]),
  )
  .action(tail);

reporting(program, 'doctor', 'Look at config, keys, log, disk, ports and destinations: what is wrong, and what to do.')
  .addHelpText(
    'after',
    '\nEnds with 1 if something does not work. Destinations are opened and closed, unless a server runs.',
  )
  .action(doctor);

const dead = program.command('dead').description('Events that a destination refused for good.');
const quarantine = program.command('quarantine').description('Events that were not right when they came.');

const pages = (list: Command): Command =>
  list
    .option('--limit <count>', 'how many', countOf, defaultRecords)
    .option('--before <id>', 'older than this one', countOf);
const ofDestination = (list: Command): Command => list.option('--destination <name>', 'of this destination alone');

ofDestination(pages(reporting(dead, 'list', 'The newest ones.'))).action(deadList);
reporting(dead, 'show', 'One of them, whole.').argument('<id>', 'as listed', countOf).action(deadShow);
ofDestination(reporting(dead, 'replay', 'Deliver them again as they are, to their destination alone.'))
  .argument('[ids...]', 'as listed', countsOf)
  .option('--all', 'every one')
  .action((ids: readonly number[] = [], options) => deadReplay(ids, options));
reporting(dead, 'fix', 'Deliver one again, put right: the event, as show prints it, in a file or on the input.')
  .argument('<id>', 'as listed', countOf)
  .argument('[file]', 'JSON; - for the input')
  .action(deadFix);
reporting(dead, 'remove', 'Be done with them.').argument('<ids...>', 'as listed', countsOf).action(deadRemove);

pages(reporting(quarantine, 'list', 'The newest ones.')).action(quarantineList);
reporting(quarantine, 'show', 'One of them, whole.').argument('<id>', 'as listed', countOf).action(quarantineShow);
reporting(quarantine, 'replay', 'Take them in once more as they are, after the plan was changed.')
  .argument('[ids...]', 'as listed', countsOf)
  .option('--all', 'every one')
  .action((ids: readonly number[] = [], options) => quarantineReplay(ids, options));
reporting(quarantine, 'fix', 'Take one in, put right: the event, as show prints it, in a file or on the input.')
  .argument('<id>', 'as listed', countOf)
  .argument('[file]', 'JSON; - for the input')
  .action(quarantineFix);
reporting(quarantine, 'remove', 'Be done with them.')
  .argument('<ids...>', 'as listed', countsOf)
  .action(quarantineRemove);

reporting(program, 'replay', 'Deliver a part of the log to one destination once more. Consent is asked again.')
  .requiredOption('--destination <name>', 'who gets it')
  .option('--from <time>', 'arrived then or later: 2026-01-31, 2026-01-31T12:00:00Z', timeOf)
  .option('--to <time>', 'arrived then or before', timeOf)
  .option('--from-position <position>', 'from this batch of the log on', countOf)
  .option('--to-position <position>', 'to this one', countOf)
  .action(replay);

reporting(
  program,
  'import',
  'Make page views of access logs in the combined format, bots flagged. The same line counts once.',
)
  .argument('<files...>', 'packed with gzip or not, oldest first')
  .requiredOption('--site <origin>', 'whose log it is: https://shop.example', originOf)
  .addOption(
    new Option('--consent <categories...>', "what you vouch for; default the config's consent").choices([
      'functional',
      'analytics',
      'advertising',
    ]),
  )
  .action(importLogs);

reporting(program, 'forget', 'Let the log keep nothing more for a destination that is none any more.')
  .argument('<destination>', 'its name, as doctor tells it')
  .action(forget);

reporting(program, 'compact', 'Write the file of a warehouse anew, so that nothing that was deleted is left in it.')
  .argument('<destination>', 'a DuckDB, by its name')
  .action(compact);

const ofPerson = (work: Command): Command =>
  work
    .option('--user <id>', 'by userId, and by the devices that were theirs')
    .option('--anonymous <id>', 'by anonymousId');

ofPerson(
  reporting(program, 'export', 'Write all that log and warehouses hold about a person, one JSON object on a line.'),
)
  .option('-o, --output <file>', 'in place of the output')
  .action(exportPerson);
ofPerson(
  reporting(program, 'erase', 'Take a person out of the log and of every destination, and keep nothing more of them.'),
)
  .option('--yes', 'really; without it says what it would take')
  .action(erase);
ofPerson(
  reporting(
    program,
    'receipts',
    'List erasures: when, how much, what came of it at each destination; nothing says who.',
  ),
)
  .option('--id <id>', 'one of them')
  .option('--limit <count>', 'how many', countOf, defaultRecords)
  .action(receipts);
ofPerson(reporting(program, 'unsuppress', 'Take events of somebody again who was erased or suppressed.')).action(
  unsuppress,
);

/** Digits alone: of a variable that is not set, `''`, `Number` makes a zero. */
const wholePattern = /^\d+$/;

function portOf(text: string): number {
  if (wholePattern.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('Expected a port, 0 to 65535.');
}

/** To listen on '' is to listen on every address. */
function hostOf(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('Expected a host name or address.');
}

function originOf(text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text;
  throw new InvalidArgumentError('Expected an origin, such as https://shop.example.');
}

function countOf(text: string): number {
  if (wholePattern.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgumentError('Expected a whole number.');
}

function countsOf(text: string, earlier: readonly number[] = []): readonly number[] {
  return [...earlier, countOf(text)];
}

const datePattern = /^(\d{4}-\d{2}-\d{2})(?:[T ].+)?$/;

/** `Date.parse` alone takes "yesterday 12" for December 2001, and the 31st of February for the 3rd of March. */
function timeOf(text: string): number {
  const [, day = ''] = datePattern.exec(text) ?? [];
  const time = Date.parse(text);
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (!Number.isNaN(time) && !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day)) return time;
  throw new InvalidArgumentError('Expected a date, such as 2026-01-31T12:00:00Z.');
}

/** `head` has seen enough: that is no failure. A full disk is, and nothing that a stack would explain. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  fail(error);
  process.exit();
});

function fail(error: unknown): void {
  process.stderr.write(`track: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

try {
  await program.parseAsync();
} catch (error) {
  fail(error);
}
