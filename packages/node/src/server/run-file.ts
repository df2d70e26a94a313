import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** How the command line finds the server that has a log open. It lies beside the log, for the same eyes only. */
export interface RunFile {
  readonly pid: number;
  /** Where the admin port answers. */
  readonly adminUrl: string;
  /** Who knows it may do what the command line does. Made anew at each start. */
  readonly token: string;
}

const ownerOnly = 0o600;

function runFileOf(logPath: string): string {
  return `${logPath}.server`;
}

export function writeRunFile(logPath: string, run: RunFile): void {
  const path = runFileOf(logPath);
  // A file that is there already keeps its mode.
  rmSync(path, { force: true });
  writeFileSync(path, JSON.stringify(run), { mode: ownerOnly });
}

/** `undefined` if no server left one. It may be of a server that was killed. */
export function readRunFile(logPath: string): RunFile | undefined {
  try {
    return JSON.parse(readFileSync(runFileOf(logPath), 'utf8')) as RunFile;
  } catch {
    return undefined;
  }
}

export function removeRunFile(logPath: string): void {
  rmSync(runFileOf(logPath), { force: true });
}
