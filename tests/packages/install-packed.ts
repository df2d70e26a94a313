import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const folders: readonly string[] = ['core', 'browser', 'node'];

/** `pnpm@…`, as pinned for this repository. */
export const { packageManager } = JSON.parse(await readFile(at('package.json'), 'utf8')) as { packageManager: string };

/** An empty project in which the three packages were installed from their tarballs, as a user's would be. */
export interface Project {
  readonly path: string;
  /** Runs a program there and returns what it printed; rejects with all it printed if it fails. */
  run(command: string, args: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

/** Packs what was built last, and installs it into a new folder below the system's temporary one. */
export async function installPacked(): Promise<Project> {
  for (const folder of folders) {
    if (!existsSync(at(`packages/${folder}/dist`)))
      throw new Error(`packages/${folder} is not built: npm test builds it`);
  }
  const path = await realpath(await mkdtemp(join(tmpdir(), 'packed-')));
  const run = async (command: string, args: readonly string[]): Promise<string> => {
    try {
      return (await execute(command, args, { cwd: path, maxBuffer: 64 * 1024 * 1024 })).stdout;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`${[command, ...args].join(' ')}\n${stdout}${stderr}`, { cause: error });
    }
  };

  const pack = ['--yes', packageManager, '--dir', at('.'), '--filter=./packages/*', '-r', 'pack', '--pack-destination'];
  await run('npx', [...pack, path]);
  const tarballs = (await readdir(path)).filter((file) => file.endsWith('.tgz'));

  await cp(at('tests/packages/consumer'), path, { recursive: true });
  await writeFile(join(path, 'package.json'), JSON.stringify({ private: true }));
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...tarballs.map((file) => `./${file}`)]);
  return { path, run, remove: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Lends the project a package that this repository has, in place of another version: an optional peer, or types to
 * compile against.
 */
export async function lend(project: Project, name: string, from: string): Promise<void> {
  const target = join(project.path, 'node_modules', name);
  await mkdir(dirname(target), { recursive: true });
  await rm(target, { recursive: true, force: true });
  await symlink(await realpath(at(`${from}/node_modules/${name}`)), target);
}

/** What the entries of `@org/track-node` need, and only who imports them installs. */
const optionalPeers = [
  '@clickhouse/client',
  '@duckdb/node-api',
  'aws4fetch',
  'bowser',
  'google-auth-library',
  'isbot',
  'mmdb-lib',
  'pg',
];

export async function lendOptionalPeers(project: Project): Promise<void> {
  for (const peer of optionalPeers) await lend(project, peer, 'packages/node');
}

/** What a user can import: `@org/track-core`, `@org/track-core/testing` … as each `exports` says. */
export async function entries(project: Project): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    const name = `@org/track-${folder}`;
    const manifest = await readFile(join(project.path, 'node_modules', name, 'package.json'), 'utf8');
    const { exports } = JSON.parse(manifest) as { exports: Record<string, unknown> };
    const subpaths = Object.keys(exports).filter((subpath) => subpath !== './package.json');
    found.push(...subpaths.map((subpath) => `${name}${subpath.slice(1)}`));
  }
  return found.sort();
}
