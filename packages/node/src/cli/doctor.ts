import { type LoadedConfig, loadConfig } from '../config/load-config.ts';
import { examineConfig } from '../doctor/examine-config.ts';
import { tryDestinations } from '../doctor/examine-destinations.ts';
import { examineFiles } from '../doctor/examine-files.ts';
import { examinePorts } from '../doctor/examine-ports.ts';
import { examineStanding } from '../doctor/examine-standing.ts';
import { type Finding, findingsAbout } from '../doctor/finding.ts';
import { logFileOf } from '../server/create-track-server.ts';
import { createSecretFilter } from '../server/logger.ts';
import { readRunFile } from '../server/run-file.ts';
import { isRunning, openDesk } from './desk.ts';
import { printable, say, sayJson } from './output.ts';

export interface DoctorOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** Looks at all a server needs. Ends with 1 if something does not work. */
export async function doctor({ config: named, json = false }: DoctorOptions): Promise<void> {
  let hasFailed = false;
  let withoutSecrets = (text: string): string => text;
  const tell = (finding: Finding): void => {
    hasFailed ||= finding.level === 'fail';
    const { about, level, message, advice } = finding;
    const shown = withoutSecrets(message);
    if (json) return sayJson({ ...finding, message: shown });
    say(`${marks[level]} ${about}: ${printable(shown)}`);
    if (advice !== undefined) say(`     → ${advice}`);
  };

  const loaded = await loadConfig(named).catch((error: Error) => {
    tell(findingsAbout('config').fail(error.message, 'docs/guides/run-the-server.md shows a whole one.'));
    return undefined;
  });
  if (loaded !== undefined) {
    withoutSecrets = createSecretFilter(loaded.config);
    tell(findingsAbout('config').ok(`${loaded.file} is right.`));
    for (const finding of examineConfig(loaded.config)) tell(finding);
    for await (const finding of examineLog(loaded)) tell(finding);
  }
  // Destinations that were opened may hold the process.
  process.exit(hasFailed ? 1 : 0);
}

const marks: { readonly [level in Finding['level']]: string } = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' };

async function* examineLog(loaded: LoadedConfig): AsyncGenerator<Finding> {
  const { config } = loaded;
  const { ok, warn, fail } = findingsAbout('server');
  const logFile = logFileOf(config);
  if (logFile !== undefined) yield* examineFiles(logFile);

  const run = logFile === undefined ? undefined : readRunFile(logFile);
  const isServed = run !== undefined && (await isRunning(run));
  if (isServed) {
    const ready = await fetch(`${run.adminUrl}/health/ready`);
    const { reasons } = (await ready.json()) as { reasons: readonly string[] };
    if (ready.ok) yield ok(`It runs as process ${run.pid}, and takes events.`);
    else
      yield fail(
        `It runs as process ${run.pid}, and is not ready: ${reasons.join(', ')}.`,
        'See docs/guides/run-the-server.md.',
      );
  } else {
    if (run === undefined) yield ok('None runs.');
    else yield warn('The last one was killed. What it had acknowledged is in the log.', 'track serve delivers it.');
    yield* await examinePorts(config);
    yield* await tryDestinations(config.destinations ?? []);
  }
  yield* examineDesk(loaded);
}

async function* examineDesk(loaded: LoadedConfig): AsyncGenerator<Finding> {
  const { ok, fail } = findingsAbout('log');
  let desk: Awaited<ReturnType<typeof openDesk>>;
  try {
    desk = await openDesk(loaded);
  } catch (error) {
    const { message } = error as Error;
    const advice = message.includes('newer than this package')
      ? 'A later version wrote it: npm install @org/track-node@latest, or name another file.'
      : 'Name another file, or stop whoever has this one.';
    return yield fail(message, advice);
  }
  try {
    const { operations, isServed } = desk;
    const problem = await operations.probe({});
    if (problem !== null) yield fail(`Nothing can be stored: ${problem}`, 'Make room, or raise log.maxBytes.');
    // A file in use is not read from end to end: its server would have to wait.
    const damage = isServed ? [] : await operations.damage({});
    if (damage.length > 0) yield fail(`The file is damaged: ${damage[0]}`, 'sqlite3 FILE .recover saves what can be.');
    if (problem === null && damage.length === 0) yield ok('It is sound, and can store.');
    yield* examineStanding(await operations.standing({}), loaded.config.destinations ?? [], Date.now());
  } finally {
    await desk.close();
  }
}
