import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '../backend.ts';

/** What makes it full: a file system of its own, or a limit on the size of a process's files. */
export type FilledBy = 'tmpfs' | 'RLIMIT_FSIZE';

/** A place for a backend's data that can be made to take nothing more. */
export interface SmallDisk {
  readonly folder: string;
  fill(backend: Backend): void;
  /** There is room again. */
  free(backend: Backend): void;
  /** Nothing on it can be changed, or again. Only a `tmpfs` that nobody uses. */
  setReadOnly(isReadOnly: boolean): void;
  remove(): void;
}

const diskBytes = 64 * 1024 * 1024;
const prlimit = '/usr/bin/prlimit';

/** What this machine lets us do: root may make file systems, and anybody may limit what a process writes. */
export function waysToFill(): readonly string[] {
  const ways = existsSync(prlimit) ? ['RLIMIT_FSIZE'] : [];
  try {
    createSmallDisk('tmpfs').remove();
    return [...ways, 'tmpfs'];
  } catch {
    return ways;
  }
}

export function createSmallDisk(by: FilledBy): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'track-disk-'));
  return by === 'tmpfs' ? fileSystem(folder) : sizeLimit(folder);
}

function mount(...args: readonly string[]): void {
  execFileSync('mount', args, { stdio: 'ignore' });
}

function fileSystem(folder: string): SmallDisk {
  const remove = (): void => rmSync(folder, { recursive: true });
  try {
    mount('-t', 'tmpfs', '-o', `size=${diskBytes}`, 'track', folder);
  } catch (error) {
    remove();
    throw error;
  }
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill() {
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(ballast, Buffer.alloc(bavail * bsize));
    },
    free: () => rmSync(ballast),
    setReadOnly: (isReadOnly) => mount('-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, folder),
    remove() {
      execFileSync('umount', [folder]);
      remove();
    },
  };
}

function sizeLimit(folder: string): SmallDisk {
  const limit = ({ pid }: Backend, size: string): void =>
    void execFileSync(prlimit, [`--pid=${pid()}`, `--fsize=${size}:unlimited`]);
  return {
    folder,
    // Every file is larger than that, or would be: no write succeeds.
    fill: (backend) => limit(backend, '0'),
    free: (backend) => limit(backend, 'unlimited'),
    setReadOnly() {
      throw new Error('A limit makes nothing read-only.');
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
