import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Another server's tracker, as published. */
export interface ServerPeer {
  readonly name: string;
  readonly version: string;
  /** The module that makes one: `create({ origin })`. */
  readonly setup: URL;
  /** What its own far end says to events it took. */
  readonly thanks: string;
}

const peers = [
  { name: 'segment', package: '@segment/analytics-node', thanks: '{"success":true}' },
  { name: 'posthog', package: 'posthog-node', thanks: '{"status":1}' },
  { name: 'rudderstack', package: '@rudderstack/rudder-sdk-node', thanks: 'OK' },
  { name: 'snowplow', package: '@snowplow/node-tracker', thanks: 'ok' },
  { name: 'mixpanel', package: 'mixpanel', thanks: '1' },
  {
    name: 'amplitude',
    package: '@amplitude/analytics-node',
    thanks: '{"code":200,"events_ingested":1,"payload_size_bytes":1,"server_upload_time":1}',
  },
] as const;

const inFolder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The other trackers. The first call installs them, from their lockfile. */
export async function installedServerPeers(): Promise<readonly ServerPeer[]> {
  await installPeers();
  return Promise.all(
    peers.map(async ({ name, package: packageName, thanks }) => {
      const manifest = await readFile(inFolder(`node_modules/${packageName}/package.json`), 'utf8');
      const { version } = JSON.parse(manifest) as { version: string };
      return { name, version, setup: new URL(`setup/${name}.js`, import.meta.url), thanks };
    }),
  );
}

/** Installs what `package.json` here names, unless it is there. */
export async function installPeers(): Promise<void> {
  if ((await changedAt('node_modules/.package-lock.json')) >= (await changedAt('package-lock.json'))) return;
  console.log('▸ Installing the other trackers');
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: inFolder('.'),
    shell: process.platform === 'win32',
  });
}

async function changedAt(path: string): Promise<number> {
  return stat(inFolder(path)).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
