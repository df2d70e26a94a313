// Where a ClickHouse is, and a server of its own for tests: in a temporary folder, on a port of its own.
import { spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from './free-port.mjs';

/** How long it may take to answer after its start, milliseconds. */
const patienceMs = 60_000;
const password = 'not-asked-for-nothing';

/**
 * Its program and what comes before its options: `CLICKHOUSE_BIN`, else Debian's `clickhouse-server`, else the one
 * program that is all of it in newer releases.
 *
 * @returns {string[] | undefined}
 */
function findProgram() {
  const folders = ['/usr/sbin', ...(process.env.PATH ?? '').split(delimiter)];
  const named = (/** @type {string} */ name) =>
    folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  const server = process.env.CLICKHOUSE_BIN || named('clickhouse-server');
  if (server) return /clickhouse$/.test(server) ? [server, 'server'] : [server];
  const all = named('clickhouse');
  return all === undefined ? undefined : [all, 'server'];
}

/** Is there one to test with? */
export function hasClickHouse() {
  return Boolean(process.env.TRACK_CLICKHOUSE_URL) || findProgram() !== undefined;
}

/** For people who have none. */
export const howToGetClickHouse =
  'install it (Debian: sudo apt-get install clickhouse-server), or start the one in compose.yaml and set TRACK_CLICKHOUSE_URL';

/**
 * A server for tests: the one at `TRACK_CLICKHOUSE_URL`, else a new one. Only what is new can be stopped and started, and
 * has the user `reader`, with the same password, who may only read.
 *
 * @returns {Promise<{ url: string, isOwn: boolean, start(): Promise<void>, stop(signal?: NodeJS.Signals): Promise<void>, pause(): Promise<void>, resume(): void, remove(): Promise<void> }>}
 */
export async function startClickHouse() {
  const given = process.env.TRACK_CLICKHOUSE_URL;
  const nothing = async () => {};
  if (given) {
    return { url: given, isOwn: false, start: nothing, stop: nothing, pause: nothing, resume() {}, remove: nothing };
  }
  const [program, ...before] = findProgram() ?? [];
  if (program === undefined) throw new Error(`There is no ClickHouse: ${howToGetClickHouse}.`);
  const folder = mkdtempSync(join(tmpdir(), 'clickhouse-'));
  const [port, tcpPort] = [await freePort(), await freePort()];
  writeFileSync(join(folder, 'config.xml'), configuration(folder, port, tcpPort));
  writeFileSync(join(folder, 'users.xml'), users);
  mkdirSync(join(folder, 'data'));
  // Newer ones refuse to run as another user than the one who owns their files.
  const owner = process.getuid?.() === 0 ? unprivileged() : undefined;
  if (owner) for (const path of [folder, join(folder, 'data')]) chownSync(path, owner.uid, owner.gid);
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let server;

  async function start() {
    const output = openSync(join(folder, 'output'), 'a');
    const started = spawn(program ?? '', [...before, `--config-file=${join(folder, 'config.xml')}`], {
      ...owner,
      cwd: folder,
      stdio: ['ignore', output, output],
    });
    server = started;
    for (const end = Date.now() + patienceMs; Date.now() < end && started.exitCode === null; await wait(100)) {
      const answer = await fetch(`http://127.0.0.1:${port}/ping`).catch(() => undefined);
      if (answer?.ok) return;
    }
    throw new Error(`ClickHouse did not start:\n${readFileSync(join(folder, 'output'), 'utf8').slice(-2_000)}`);
  }

  /** @param {NodeJS.Signals} [signal] */
  async function stop(signal = 'SIGKILL') {
    const stopped = server;
    if (stopped === undefined || stopped.exitCode !== null || stopped.signalCode !== null) return;
    const ended = new Promise((resolve) => stopped.once('exit', resolve));
    stopped.kill(signal);
    await ended;
  }

  await start();
  return {
    url: `http://default:${password}@127.0.0.1:${port}`,
    isOwn: true,
    start,
    stop,
    async pause() {
      server?.kill('SIGSTOP');
      // Each of its threads stops when it hears of it, and on a busy machine answers something before.
      while (server && !areStopped(server.pid)) await wait(10);
    },
    resume: () => void server?.kill('SIGCONT'),
    async remove() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @param {number | undefined} pid */
function areStopped(pid) {
  const tasks = `/proc/${pid}/task`;
  try {
    return readdirSync(tasks).every((task) => / T /.test(readFileSync(join(tasks, task, 'stat'), 'utf8')));
  } catch {
    return false; // one has just ended, so it was not stopped
  }
}

const configuration = (/** @type {string} */ folder, /** @type {number} */ port, /** @type {number} */ tcpPort) => `
<yandex>
  <logger><level>warning</level><log>${folder}/log</log><errorlog>${folder}/error-log</errorlog></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${port}</http_port>
  <tcp_port>${tcpPort}</tcp_port>
  <path>${folder}/data/</path>
  <tmp_path>${folder}/data/tmp/</tmp_path>
  <users_config>${folder}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>
</yandex>`;

const user = (/** @type {string} */ name, /** @type {string} */ profile) => `
    <${name}>
      <password>${password}</password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>${profile}</profile>
      <quota>default</quota>
    </${name}>`;

const users = `
<yandex>
  <profiles><default/><readonly><readonly>1</readonly></readonly></profiles>
  <users>${user('default', 'default')}${user('reader', 'readonly')}
  </users>
  <quotas><default/></quotas>
</yandex>`;

function unprivileged() {
  for (const name of ['clickhouse', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout));
    if (uid && gid) return { uid, gid };
  }
  return undefined;
}
