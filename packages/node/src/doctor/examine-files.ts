import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { freeBytes } from '../server/metrics.ts';
import { type Finding, findingsAbout } from './finding.ts';

const MiB = 1024 * 1024;

/** Below this a busy hour may fill the disk, and below that an idle one. */
const warnFreeBytes = 1_024 * MiB;
const failFreeBytes = 64 * MiB;

const forOthers = 0o077;

/** The log's file and the disk below it, without opening it. */
export function examineFiles(logFile: string): readonly Finding[] {
  const { ok, warn, fail } = findingsAbout('log');
  const folder = nearestFolder(dirname(logFile));
  if (!isWritable(folder)) {
    return [fail(`This user may not write to ${folder}.`, 'Give the server’s user that folder, or name another one.')];
  }
  const findings: Finding[] = [];
  const mode = statSync(logFile, { throwIfNoEntry: false })?.mode;
  if (mode !== undefined && process.platform !== 'win32' && (mode & forOthers) !== 0) {
    findings.push(warn('Other users of this machine may read what people did.', `chmod 600 ${logFile}*`));
  }
  if (mode !== undefined && !isWritable(logFile)) {
    findings.push(fail(`${logFile} is read-only for this user.`, 'Give it to the server’s user.'));
  }
  if (findings.length === 0) {
    findings.push(ok(mode === undefined ? `${logFile} will be made at the first start.` : `${logFile} is ours alone.`));
  }
  return [...findings, examineRoom(freeBytes(folder))];
}

/** What so many free bytes mean. */
export function examineRoom(free: number): Finding {
  const { ok, warn, fail } = findingsAbout('disk');
  if (Number.isNaN(free)) return warn('How much room the disk has cannot be told.', 'Look at it yourself.');
  const room = `${Math.floor(free / MiB).toLocaleString('en')} MiB are free.`;
  const advice = 'Make room, or bound the log: log.maxBytes, log.retentionMs.';
  if (free < failFreeBytes) return fail(room, advice);
  return free < warnFreeBytes ? warn(room, advice) : ok(room);
}

function nearestFolder(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : nearestFolder(dirname(folder));
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
