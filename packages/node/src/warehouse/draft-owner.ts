import { createHash } from 'node:crypto';
import { hostname } from 'node:os';

/** What this age, milliseconds, has not been touched is nobody's any more. */
const abandonedAfterMs = 86_400_000;

/** Machines and containers can share a folder and not know each other's processes. */
const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** What names of drafts begin with: whose they are. */
export const draftOwner: string = `${host}-${process.pid}-`;

/** Is what has this name a draft of a process that was killed? Events of people are in it. */
export function isAbandoned(name: string, touchedAt: number): boolean {
  const [, owner, id] = /^([0-9a-f]{8})-(\d+)-/.exec(name) ?? [];
  if (owner === host) {
    const pid = Number(id);
    // In a container the next process has the number of the one before.
    if (pid === process.pid) return touchedAt < Date.now() - process.uptime() * 1_000;
    if (!isRunning(pid)) return true;
  }
  return Date.now() - touchedAt > abandonedAfterMs;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code !== 'ESRCH';
  }
}
