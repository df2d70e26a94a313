// Where a Postgres is, and a server of its own for tests: in a temporary folder, on a port of its own.
import { execFile, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.mjs';

const run = promisify(execFile);
const debian = '/usr/lib/postgresql';

/**
 * The folder of its programs: `POSTGRES_BIN`, else Debian's newest, else undefined.
 *
 * @returns {string | undefined}
 */
function findPrograms() {
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [process.env.POSTGRES_BIN, ...versions.map((version) => join(debian, version, 'bin'))];
  return folders.find((folder) => folder && existsSync(join(folder, 'initdb')));
}

/** Is there one to test with? */
export function hasPostgres() {
  return Boolean(process.env.TRACK_POSTGRES_URL) || findPrograms() !== undefined;
}

/** For people who have none. */
export const howToGetPostgres =
  'install it (Debian: sudo apt-get install postgresql) or set TRACK_POSTGRES_URL to a database to test in';

/**
 * A server for tests: the one at `TRACK_POSTGRES_URL`, else a new one. Only what is new can be stopped and started.
 *
 * @returns {Promise<{ url: string, isOwn: boolean, start(): Promise<void>, stop(): Promise<void>, remove(): Promise<void> }>}
 */
export async function startPostgres() {
  const given = process.env.TRACK_POSTGRES_URL;
  const nothing = async () => {};
  if (given) return { url: given, isOwn: false, start: nothing, stop: nothing, remove: nothing };
  const programs = findPrograms();
  if (programs === undefined) throw new Error(`There is no Postgres: ${howToGetPostgres}.`);
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
  const data = join(folder, 'data');
  // It refuses to run as root.
  const owner = process.getuid?.() === 0 ? unprivileged() : undefined;
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const options = { ...owner, cwd: folder };
  const port = await freePort();
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder} -c fsync=off`;
  /** @param {string[]} args */
  const control = (...args) => run(join(programs, 'pg_ctl'), ['-D', data, '-w', '-t', '60', ...args], options);
  const start = async () => void (await control('-l', join(folder, 'log'), '-o', settings, 'start'));
  const stop = async () => void (await control('-m', 'immediate', 'stop').catch(() => {}));
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'track', '-A', 'trust', '-E', 'UTF8', '--no-sync'], options);
  await start();
  return {
    url: `postgres://track:not-asked-for@127.0.0.1:${port}/postgres`,
    isOwn: true,
    start,
    stop,
    async remove() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function unprivileged() {
  for (const user of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout));
    if (uid && gid) return { uid, gid };
  }
  throw new Error('Postgres does not run as root, and there is no user "postgres" or "nobody".');
}
