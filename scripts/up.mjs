// The one door to this repository for a machine that has only Node and npm: `npm start`, `npm test`, `npm run …`.
// It brings pnpm, the pinned Node and the dependencies, runs the steps of a task, and ends with its last one.
// Written for any Node from 20 on and without dependencies, because it runs before there are any.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chdbFolder, hasModernClickHouse, howToGetModernClickHouse, isForChdb } from './chdb.mjs';
import { findChromium, howToGetChromium } from './chromium.mjs';
import { hasClickHouse, howToGetClickHouse } from './clickhouse.mjs';
import { findFirefox, howToGetFirefox } from './firefox.mjs';
import { isStrict } from './optional.mjs';
import { hasPostgres, howToGetPostgres } from './postgres.mjs';
import { hasWebKit, howToGetWebKit, webkitPackages } from './webkit.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const onWindows = process.platform === 'win32';
const binaries = join(root, 'node_modules', '.bin');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const [pnpm] = manifest.packageManager.split('+'); // the version may carry a checksum, which npx does not understand
/** @type {NodeJS.ProcessEnv} */
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', PATH: `${binaries}${delimiter}${process.env.PATH}` };
const [name = '', ...rest] = process.argv.slice(2);
const args = rest[0] === '--' ? rest.slice(1) : rest;

/** @type {Record<string, () => Promise<void>>} */
const tasks = {
  /** The demo, until it is stopped. */
  async start() {
    await install();
    await turbo('Building', ['build'], ['--filter=shop']);
    await last('examples/shop/server.ts', args);
  },

  /** Visitors for a running demo. */
  async drive() {
    await install();
    await chromium();
    await last('examples/shop/drive.ts', args);
  },

  /** The demo by itself, with visitors of whom half have a content blocker: is what it measures what they did? */
  async 'drive:blockers'() {
    await install();
    await turbo('Building', ['build'], ['--filter=shop']);
    await chromium();
    await last('examples/shop/drive-blockers.ts', args);
  },

  /** Everything. Arguments go to vitest: `npm test -- queue`. */
  async test() {
    await install();
    await turbo('Building, checking types, style, exports, unused code and sizes', ['build', 'check']);
    await chromium();
    await ensure(postgres);
    await ensure(clickhouse);
    await modernClickHouse();
    say('Testing');
    await last('node_modules/vitest/vitest.mjs', ['run', ...args]);
  },

  /** The packed packages on every runtime they promise to run on. */
  async 'test:runtimes'() {
    await install();
    await turbo('Building', ['build'], ['--filter=./packages/*']);
    await last('node_modules/vitest/vitest.mjs', ['run', '--project', 'runtimes', ...args], { TEST_RUNTIMES: '1' });
  },

  /** What arrives when things go wrong in a browser: ours, and with `--peers` the others. */
  async 'faults:browser'() {
    await install();
    await turbo('Building', ['build'], ['--filter=./packages/*']);
    for (const engine of enginesAsked()) await ensure(engine);
    await last('tests/faults/run.ts', args);
  },

  /** What arrives when things go wrong on a server: ours, and with `--peers` the others. */
  async 'faults:node'() {
    await onPackages('tests/faults-node/run.ts');
  },

  /** What arrives at destinations of which some are ill, while the collector is killed. */
  async 'faults:dispatch'() {
    await onPackages('tests/faults-dispatch/run.ts');
  },

  /** The same events into every warehouse, and every row of one beside the others'. */
  async 'compare:warehouses'() {
    await install();
    await turbo('Building', ['build'], ['--filter=./packages/*']);
    await ensure(postgres);
    await modernClickHouse();
    await last('tests/warehouse/compare/run.ts', args);
  },

  /** A collector killed at random moments under load, as often as asked. */
  async crash() {
    await onPackages('tests/crash/run.ts');
  },

  /** What capture plugins tell of visits in real browsers. */
  async 'test:browsers'() {
    await install();
    await turbo('Building', ['build'], ['--filter=./packages/*']);
    for (const engine of enginesAsked()) await ensure(engine);
    await last('tests/browsers/run.ts', args);
  },

  /** That no personal data of a page leaves it or is kept, in all cases. */
  async 'test:privacy'() {
    await install();
    await turbo('Building', ['build'], ['--filter=./packages/*']);
    await chromium();
    const suite = ['run', '--project', 'journey', 'tests/browsers/privacy.test.ts'];
    await last('node_modules/vitest/vitest.mjs', [...suite, ...args], { TEST_PRIVACY: '1' });
  },

  /** Bodies of every kind for a collector, and what is meant to bring it down. */
  async fuzz() {
    await onPackages('tests/fuzz/run.ts');
  },

  /** What a server's tracker costs its process: ours and the others. */
  async 'bench:node'() {
    await onPackages('bench/node/run.ts');
  },

  /** Durable events a second, beside a server that only parses and answers. */
  async 'bench:collector'() {
    await onPackages('bench/collector/run.ts');
  },

  /** Events a second from the log into warehouses, beside a plain insert of the same rows. */
  async 'bench:dispatch'() {
    await install();
    await turbo('Building', ['build'], ['--filter=./packages/*']);
    await ensure(postgres);
    await last('bench/dispatch/run.ts', args);
  },

  /** What trackers cost a page: ours and the others. */
  async 'bench:browser'() {
    await install();
    await turbo('Building', ['build'], ['--filter=@org/track-browser']);
    await chromium();
    await last('bench/browser/run.ts', args);
  },

  /** What everything that captures costs two long visits. */
  async 'bench:page'() {
    await install();
    await turbo('Building', ['build'], ['--filter=./packages/*']);
    await chromium();
    await last('bench/visits/run.ts', args);
  },

  /** What the browser package weighs. */
  async size() {
    await install();
    await turbo('Building', ['build'], ['--filter=@org/track-browser']);
    await last('scripts/size.mjs', args);
  },

  async lint() {
    await install();
    await last('node_modules/@biomejs/biome/bin/biome', ['check', '--error-on-warnings', ...args]);
  },

  async format() {
    await install();
    await last('node_modules/@biomejs/biome/bin/biome', ['check', '--write', ...args]);
  },
};

/** Runs a script with all packages built. @param {string} script */
async function onPackages(script) {
  await install();
  await turbo('Building', ['build'], ['--filter=./packages/*']);
  await last(script, args);
}

async function install() {
  say('Installing');
  await quietly('npx', ['--yes', pnpm, 'install', '--frozen-lockfile', '--reporter=append-only']);
}

/**
 * @param {string} title
 * @param {string[]} names - of tasks in turbo.json; what did not change since it was last green is not done again
 * @param {string[]} [options]
 */
async function turbo(title, names, options = []) {
  say(title);
  const view = ['--output-logs=errors-only', '--log-order=grouped', '--continue=dependencies-successful'];
  await quietly('npx', ['--yes', pnpm, 'exec', 'turbo', 'run', ...names, ...options, ...view]);
}

/**
 * @typedef {object} Engine
 * @property {string} title
 * @property {() => boolean} isFound
 * @property {string[]} packages - Debian's
 * @property {string} howToGet
 */

const engines = {
  chromium: {
    title: 'Chromium',
    isFound: () => findChromium() !== undefined,
    packages: ['chromium'],
    howToGet: howToGetChromium,
  },
  firefox: {
    title: 'Firefox',
    isFound: () => findFirefox() !== undefined,
    packages: ['firefox-esr'],
    howToGet: howToGetFirefox,
  },
  webkit: { title: 'WebKitGTK', isFound: hasWebKit, packages: webkitPackages, howToGet: howToGetWebKit },
};

/** @type {Engine} */
const postgres = {
  title: 'Postgres',
  isFound: hasPostgres,
  packages: ['postgresql'],
  howToGet: howToGetPostgres,
};

/** @type {Engine} */
const clickhouse = {
  title: 'ClickHouse',
  isFound: hasClickHouse,
  packages: ['clickhouse-server'],
  howToGet: howToGetClickHouse,
};

/** Those named by `--engine`; what it does not know, the script refuses. */
function enginesAsked() {
  const named = args.flatMap((arg, index) => {
    if (arg === '--engine') return [args[index + 1] ?? ''];
    return arg.startsWith('--engine=') ? [arg.slice('--engine='.length)] : [];
  });
  const names = named.length === 0 ? ['chromium'] : named;
  return Object.entries(engines).flatMap(([name, engine]) => (names.includes(name) ? [engine] : []));
}

const chromium = () => ensure(engines.chromium);

/** Makes sure of a browser, or a database: installs Debian's as root, else says what to do. Without one CI stops here. */
async function ensure(/** @type {Engine} */ engine) {
  const { title, isFound, packages, howToGet } = engine;
  if (isFound()) return;
  if (existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    say(`Installing ${title}`);
    env.DEBIAN_FRONTEND = 'noninteractive';
    await quietly('apt-get', ['update', '-q'], { mayFail: true });
    const letStart = startNoServices();
    await quietly('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { mayFail: true });
    letStart();
    if (isFound()) return;
  }
  // Playwright may have a Chromium of its own.
  const isOptional = name !== 'drive' && [engines.chromium, postgres, clickhouse].includes(engine);
  missing(`There is no ${title}: ${howToGet}.`, isOptional);
}

/** Debian starts a server when it installs it, unless this program says no; tests start their own. */
function startNoServices() {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return () => {};
  const remove = () => rmSync(policy, { force: true });
  process.once('exit', remove);
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return remove;
}

/** What Debian's ClickHouse is too old for runs on chdb, from a lockfile of its own. */
async function modernClickHouse() {
  if (hasModernClickHouse()) return;
  if (isForChdb) {
    say('Installing chdb');
    await quietly('npx', ['--yes', pnpm, 'install', '--frozen-lockfile', '--dir', chdbFolder], { mayFail: true });
    if (hasModernClickHouse()) return;
  }
  missing(`There is no modern ClickHouse: ${howToGetModernClickHouse}.`, true);
}

function missing(/** @type {string} */ advice, /** @type {boolean} */ isOptional) {
  if (isStrict) stop(1, `${advice} CI=true allows no skipping.`);
  if (!isOptional) stop(1, advice);
  say(`${advice} What needs it is skipped`);
}

/** Runs a step and shows what it printed only if it failed. */
async function quietly(/** @type {string} */ command, /** @type {string[]} */ commandArgs, { mayFail = false } = {}) {
  const { status, output } = await run(command, commandArgs, { capture: true });
  if (status === 0) return;
  process.stderr.write(output);
  if (!mayFail) stop(status, `${[command, ...commandArgs].join(' ')} ended with ${status}`);
}

/** Runs a script under the pinned Node in our place: its output, its exit status. */
async function last(/** @type {string} */ script, /** @type {string[]} */ scriptArgs, extraEnv = {}) {
  const pinned = join(binaries, 'node');
  if (!existsSync(pinned) && !runsTypeScript(process.versions.node)) {
    stop(1, `Node ${process.versions.node} cannot run TypeScript, and none is pinned for this platform: use Node 24.`);
  }
  if (!existsSync(join(root, script))) stop(1, `${script} does not exist`);
  Object.assign(env, extraEnv);
  const { status } = await run(existsSync(pinned) ? pinned : process.execPath, [script, ...scriptArgs]);
  process.exit(status);
}

/** @param {string} version */
function runsTypeScript(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}

/** Signals what runs now. @type {((signal: NodeJS.Signals) => void) | undefined} */
let kill;
/** Ctrl-C reaches what runs now by itself, and twice would mean "at once" to a server. */
let terminalReaches = false;
/** The signal that asked us to end. @type {NodeJS.Signals | undefined} */
let asked;

/**
 * @param {string} command
 * @param {string[]} commandArgs
 * @returns {Promise<{ status: number, output: string }>}
 */
function run(command, commandArgs, { capture = false } = {}) {
  return new Promise((resolve) => {
    const shell = onWindows && command === 'npx'; // there it is a .cmd file
    const detached = capture && !onWindows; // a group of its own, so that npx, pnpm and turbo end together
    const stdio = capture ? 'pipe' : 'inherit';
    const started = spawn(command, commandArgs, { cwd: root, env, shell, detached, stdio });
    kill = (signal) => {
      if (detached && started.pid !== undefined) process.kill(-started.pid, signal);
      else started.kill(signal);
    };
    terminalReaches = !detached;
    let output = '';
    for (const stream of [started.stdout, started.stderr]) stream?.on('data', (chunk) => (output += chunk));
    started.on('error', (error) => resolve({ status: 1, output: `${command}: ${error.message}\n` }));
    started.on('close', (code, signal) => {
      kill = undefined;
      if (asked !== undefined) process.exit(code ?? exitStatus(signal ?? asked));
      resolve({ status: code ?? exitStatus(signal ?? 'SIGTERM'), output });
    });
  });
}

/** As shells tell it: 128 and the signal's number. @param {NodeJS.Signals} signal */
function exitStatus(signal) {
  return { SIGHUP: 129, SIGINT: 130, SIGKILL: 137 }[/** @type {string} */ (signal)] ?? 143;
}

/** Passes the wish to end on to what runs now; insists after a while. @param {NodeJS.Signals} signal */
function end(signal) {
  if (asked !== undefined) return;
  asked = signal;
  if (kill === undefined) process.exit(exitStatus(signal));
  if (!(signal === 'SIGINT' && terminalReaches && process.stdin.isTTY)) kill(signal);
  setTimeout(() => kill?.('SIGKILL'), 10_000).unref();
}

/**
 * npm runs us through a shell and takes neither along when it is told to end: the port would stay taken by a server
 * without a parent. So we notice when either is gone.
 */
function watchNpm() {
  if (process.env.npm_lifecycle_event === undefined) return; // started by hand: nohup and friends may outlive a shell
  const before = ancestors();
  setInterval(() => {
    if (ancestors() !== before) end('SIGTERM');
  }, 500).unref();
}

function ancestors() {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    return `${process.ppid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`;
  } catch {
    return `${process.ppid}`; // no /proc on this system
  }
}

/** @param {string} line */
function say(line) {
  console.log(`▸ ${line}`);
}

/**
 * @param {number} status
 * @param {string} why
 * @returns {never}
 */
function stop(status, why) {
  console.error(`✖ ${why}`);
  process.exit(status);
}

for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => end(signal));
}
watchNpm();

if (Number(process.versions.node.split('.')[0]) < 20)
  stop(1, `Node ${process.versions.node} is too old: use 20 or newer.`);
const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
if (task === undefined) stop(1, `No task "${name}". There is: ${Object.keys(tasks).join(', ')}.`);
await task();
