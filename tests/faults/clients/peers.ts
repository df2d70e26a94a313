import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { type ClientUnderTest, idPattern, type WireRequest } from '../client.ts';

/** Another tracker, set up in `bench/page/<page>.js`. */
interface Peer {
  readonly name: string;
  readonly package: string;
  readonly page: string;
  readonly define?: Record<string, string>;
  /** What its far end says to events it took. */
  readonly thanks: string;
}

const peers: readonly Peer[] = [
  {
    name: 'segment',
    package: '@segment/analytics-next',
    page: 'segment',
    define: { IS_BATCHING: 'false' },
    thanks: '{"success":true}',
  },
  {
    name: 'segment-batching',
    package: '@segment/analytics-next',
    page: 'segment',
    define: { IS_BATCHING: 'true' },
    thanks: '{"success":true}',
  },
  { name: 'posthog', package: 'posthog-js', page: 'posthog', thanks: '{"status":"Ok"}' },
  { name: 'snowplow', package: '@snowplow/browser-tracker', page: 'snowplow', thanks: 'ok' },
  { name: 'mixpanel', package: 'mixpanel-browser', page: 'mixpanel', thanks: '{"status":1,"error":null}' },
  {
    name: 'amplitude',
    package: '@amplitude/analytics-browser',
    page: 'amplitude',
    thanks: '{"code":200,"events_ingested":1,"payload_size_bytes":1,"server_upload_time":1}',
  },
  { name: 'rudderstack', package: '@rudderstack/analytics-js', page: 'rudderstack', thanks: 'OK' },
];

const bench = new URL('../../../bench/', import.meta.url);
const inBench = (path: string): string => fileURLToPath(new URL(path, bench));

/** The other trackers. The first call installs them, from their lockfile. */
export async function installedPeers(): Promise<readonly ClientUnderTest[]> {
  if ((await changedAt('node_modules/.package-lock.json')) < (await changedAt('package-lock.json'))) {
    console.log('▸ Installing the other trackers');
    await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: inBench('.'),
      shell: process.platform === 'win32',
    });
  }
  return Promise.all(peers.map(clientOf));
}

async function changedAt(path: string): Promise<number> {
  return stat(inBench(path)).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

async function clientOf(peer: Peer): Promise<ClientUnderTest> {
  const manifest = await readFile(inBench(`node_modules/${peer.package}/package.json`), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  return {
    name: peer.name,
    version,
    bundle: () => bundle(peer),
    decode: (request) => (request.method === 'POST' ? idsIn(request).map((id) => ({ id })) : []),
    answer: ({ method }) => new Response(method === 'POST' ? peer.thanks : '{}', { headers: jsonHeaders }),
  };
}

const jsonHeaders = { 'content-type': 'application/json' };

async function bundle({ page, define = {} }: Peer): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [inBench(`page/${page}.js`)],
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"', ...define },
    logLevel: 'error',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

/** Each tracker wraps its events in a way of its own: plain JSON, gzip, a form field, base64 in a form field. */
function idsIn({ body }: WireRequest): readonly string[] {
  const isGzip = body[0] === 0x1f && body[1] === 0x8b;
  const text = new TextDecoder().decode(isGzip ? gunzipSync(body) : body);
  const plain = text.match(idPattern);
  if (plain !== null) return plain;
  const field = new URLSearchParams(text).get('data') ?? '';
  return Buffer.from(field, 'base64').toString('utf8').match(idPattern) ?? [];
}
