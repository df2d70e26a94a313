import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, opendir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { draftOwner, isAbandoned } from './draft-owner.ts';
import { type FileStore, StoreError } from './file-store.ts';

/** Where files are made, inside of the folder: what is on another disk could not be put in place in one step. */
const draftFolder = '.writing';

/** Files in a folder of this machine, or of one that it has mounted. */
export function localFileStore(folder: string): FileStore {
  const root = resolve(folder);
  const drafts = join(root, draftFolder);

  /** A folder is there for good once its own folder was written down. */
  async function makeFolder(path: string): Promise<void> {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined) return;
    for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
  }

  async function put(name: string, draft: string): Promise<void> {
    const path = join(root, name);
    await syncFile(draft);
    await makeFolder(dirname(path));
    await rename(draft, path);
    await syncFolder(dirname(path));
  }

  return {
    async open() {
      await explained(() => mkdir(drafts, { recursive: true }));
      for (const name of await readdir(drafts)) {
        const path = join(drafts, name);
        const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
        if (isAbandoned(name, mtimeMs)) await rm(path, { force: true });
      }
    },
    draft: () =>
      explained(async () => {
        await mkdir(drafts, { recursive: true });
        const path = join(drafts, `${draftOwner}${randomUUID()}`);
        // Whoever makes the file may say less well why it cannot be made.
        await writeFile(path, '');
        return path;
      }),
    put: (name, draft) => explained(() => put(name, draft)),
    async *list() {
      if (!existsSync(root)) return; // nothing was ever written
      for await (const entry of await opendir(root, { recursive: true })) {
        if (entry.isFile()) yield relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/');
      }
    },
    async rewrite(name, look) {
      const path = join(root, name);
      // Somebody else may have erased the last of it meanwhile.
      if (!existsSync(path)) return false;
      const result = await look(path);
      if (result.kind === 'unchanged') return false;
      await explained(async () => {
        if (result.kind === 'changed') return put(name, result.draft);
        await rm(path, { force: true });
        await syncFolder(dirname(path));
      });
      return true;
    },
    discard: (draft) => rm(draft, { force: true }).catch(() => {}),
    async close() {},
  };
}

const configCodes: ReadonlySet<unknown> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'EEXIST',
  'ENOTDIR',
  'ENAMETOOLONG',
  'ELOOP',
]);

/** Tells what time does not heal from what it may. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as { code?: unknown };
    throw configCodes.has(code) ? new StoreError({ kind: 'config', reason: `${code}` }, error) : error;
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders; its file systems write names down by themselves.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    // Some mounted file systems cannot.
    if (!['EINVAL', 'ENOTSUP'].includes(String((error as { code?: unknown }).code))) throw error;
  } finally {
    await folder.close();
  }
}
