import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDraftFolder, type DraftFolder } from './draft-folder.ts';

let temporary: string;
let folder: DraftFolder;

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'drafts-'));
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, temporary);
  folder = createDraftFolder();
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true });
});

const hourMs = 3_600_000;
const deadPid = spawnSync(process.execPath, ['-e', '']).pid;

/** What a process of this name left, that long ago. */
function leave(name: string, agoMs: number): string {
  const path = join(temporary, name);
  mkdirSync(path);
  writeFileSync(join(path, 'copy'), 'events of somebody');
  const at = new Date(Date.now() - agoMs);
  for (const each of [join(path, 'copy'), path]) utimesSync(each, at, at);
  return path;
}

/** The name that a process of this number gives its own. */
async function nameFor(pid: number): Promise<string> {
  const own = basename(await folder.path());
  return own.replace(`-${process.pid}-`, `-${pid}-`).replace(/.{6}$/, 'thesix');
}

test.each([
  { why: 'of a process that is gone', pid: deadPid, agoMs: 0, isLeft: false },
  { why: 'of one that runs', pid: process.ppid, agoMs: hourMs, isLeft: true },
  { why: 'of one that runs, and is not its owner any more', pid: process.ppid, agoMs: 25 * hourMs, isLeft: false },
  { why: 'of one that had our number before us', pid: process.pid, agoMs: 20 * hourMs, isLeft: false },
  { why: 'of our own', pid: process.pid, agoMs: 0, isLeft: true },
])('$why: there after a look $isLeft', async ({ pid, agoMs, isLeft }) => {
  const path = leave(await nameFor(pid), agoMs);
  await folder.sweep();
  expect(existsSync(path)).toBe(isLeft);
});

test.each([
  { why: 'of another machine, or of before names told whose', name: 'track-files-00000000-1-thesix', isOurs: true },
  { why: 'of before names told whose', name: 'track-files-thesix', isOurs: true },
  { why: 'of another program', name: 'somebody-thesix', isOurs: false },
])('$why: goes after a day', async ({ name, isOurs }) => {
  const fresh = leave(name, 23 * hourMs);
  const old = leave(`${name.slice(0, -6)}oldest`, 25 * hourMs);
  await folder.sweep();
  expect([existsSync(fresh), existsSync(old)]).toEqual([true, !isOurs]);
});

test('is for its owner alone, and there again if somebody took it away', async () => {
  const path = await folder.path();
  rmSync(path, { recursive: true });
  expect(await folder.path()).toBe(path);
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o700);
  await folder.remove();
  expect(readdirSync(temporary)).toEqual([]);
});

test('what is left by a process that was killed goes with the first draft of the next', async () => {
  const source = new URL('./draft-folder.ts', import.meta.url);
  const program = `
    import { writeFileSync } from 'node:fs';
    import { createDraftFolder } from ${JSON.stringify(source.href)};
    writeFileSync(await createDraftFolder().path() + '/copy', 'events of somebody');
    console.log('written');
    setInterval(() => {}, 60_000);
  `;
  const args = ['--input-type=module', '-e', program];
  const child = spawn(process.execPath, args, { env: process.env, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const [left = ''] = readdirSync(temporary);
  await folder.sweep();
  expect(readdirSync(temporary)).toEqual([left]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const own = await folder.path();
  expect(readdirSync(temporary)).toEqual([basename(own)]);
});
