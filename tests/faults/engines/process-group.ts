import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { until } from '../until.ts';

/** A program and all the processes it starts. */
export interface ProcessGroup {
  /** Waits for a line like this on the error stream, and returns its first group. To be called at once. */
  says(pattern: RegExp): Promise<string>;
  /** Ids of its living processes of this name, of which the system keeps 15 characters. None where there is no /proc. */
  named(name: string): readonly number[];
  /** Signals all of them at once, and resolves when they are gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Resolves when all have ended by themselves; those that have not within `patienceMs` are killed. */
  ended(patienceMs: number): Promise<void>;
}

interface Member {
  readonly pid: number;
  readonly name: string;
}

/** Groups that still run. */
const running = new Set<number>();

/** Starts a program in a group of its own, which ends with this process at the latest. */
export function startProcessGroup(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ProcessGroup {
  const leader = spawn(command, args, {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  leader.stderr.resume();
  const left = once(leader, 'exit').catch((error: unknown) => {
    throw new Error(`${command} did not start: ${error}`);
  });
  const { pid } = leader;
  if (pid !== undefined) {
    if (running.size === 0) process.once('exit', endAll).once('SIGINT', interrupted);
    running.add(pid);
  }

  async function ended(patienceMs: number): Promise<void> {
    await left;
    if (pid === undefined) return;
    if (!(await until(() => membersOf(pid).length === 0, patienceMs))) signalGroup(pid, 'SIGKILL');
    running.delete(pid);
    if (running.size === 0) process.off('exit', endAll).off('SIGINT', interrupted);
  }

  return {
    async says(pattern) {
      for await (const line of createInterface({ input: leader.stderr })) {
        const [, said] = pattern.exec(line) ?? [];
        if (said === undefined) continue;
        leader.stderr.resume(); // a full pipe would stop it
        return said;
      }
      await left;
      throw new Error(`${command} ended before it said ${pattern}`);
    },
    named: (name) =>
      pid === undefined ? [] : membersOf(pid).flatMap((member) => (member.name === name ? [member.pid] : [])),
    async end(signal) {
      if (pid !== undefined) signalGroup(pid, signal);
      await ended(5_000);
    },
    async ended(patienceMs) {
      const timer = setTimeout(() => pid !== undefined && signalGroup(pid, 'SIGKILL'), patienceMs);
      await ended(patienceMs);
      clearTimeout(timer);
    },
  };
}

function endAll(): void {
  for (const pid of running) signalGroup(pid, 'SIGKILL');
}

function interrupted(): void {
  process.exit(130);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // All of them are gone.
  }
}

/** Without those that have ended and that nobody has asked about. */
function membersOf(group: number): readonly Member[] {
  return processIds().flatMap((pid) => {
    const stat = statOf(pid);
    const nameEnd = stat.lastIndexOf(')');
    const [state, , itsGroup] = stat.slice(nameEnd + 2).split(' ');
    const isMember = Number(itsGroup) === group && state !== 'Z';
    return isMember ? [{ pid, name: stat.slice(stat.indexOf('(') + 1, nameEnd) }] : [];
  });
}

function processIds(): readonly number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return ''; // it has just ended
  }
}
