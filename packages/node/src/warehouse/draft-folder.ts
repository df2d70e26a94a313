import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { draftOwner, isAbandoned } from './draft-owner.ts';

/** A folder of this machine for copies that are worked on, for their owner alone. */
export interface DraftFolder {
  /** Made when it is first asked for. */
  path(): Promise<string>;
  /** Takes away what processes left behind that were killed: events of people are in it. */
  sweep(): Promise<void>;
  remove(): Promise<void>;
}

const prefix = 'track-files-';

export function createDraftFolder(): DraftFolder {
  let made: Promise<string> | undefined;

  async function make(): Promise<string> {
    await sweep();
    return mkdtemp(join(tmpdir(), `${prefix}${draftOwner}`));
  }

  return {
    async path() {
      made ??= make().catch((error: unknown) => {
        made = undefined;
        throw error;
      });
      const path = await made;
      // One who looked after an idle day may have taken it for abandoned.
      await mkdir(path, { recursive: true, mode: 0o700 });
      return path;
    },
    sweep,
    async remove() {
      const path = await made?.catch(() => undefined);
      if (path !== undefined) await rm(path, { recursive: true, force: true });
    },
  };
}

async function sweep(): Promise<void> {
  const folder = tmpdir();
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const path = join(folder, name);
    // Another user's is theirs to take away.
    const touchedAt = await lastTouchedAt(path).catch(() => Number.POSITIVE_INFINITY);
    if (isAbandoned(name.slice(prefix.length), touchedAt)) {
      await rm(path, { recursive: true, force: true }).catch(() => {});
    }
  }
}

async function lastTouchedAt(path: string): Promise<number> {
  const times = await Promise.all(
    ['.', ...(await readdir(path))].map(async (name) => (await stat(join(path, name))).mtimeMs),
  );
  return Math.max(...times);
}
