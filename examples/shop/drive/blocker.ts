import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { glob, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FiltersEngine, Request, type RequestType } from '@ghostery/adblocker';

/** A content blocker: a real engine with the lists that people have. */
export interface Blocker {
  /** Does it stop what a page of this site sends to this address? */
  blocks(url: string): boolean;
  /**
   * Where a browser with this blocker sends all its requests, `http://…`. Out there, because what
   * outlives its page leaves a browser past everything that drives it.
   */
  readonly proxy: string;
}

/** What uBlock Origin has on by default. */
const listNames = [
  'easylist.txt',
  'easyprivacy.txt',
  'filters.min.txt',
  'privacy.min.txt',
  'quick-fixes.min.txt',
  'unbreak.min.txt',
];

const run = promisify(execFile);
const kept = fileURLToPath(new URL('../.track/block-lists', import.meta.url));

/**
 * @param folder - with the lists in it, at any depth; default those of Debian's uBlock Origin, which are fetched once
 */
export async function createBlocker(folder = process.env.BLOCK_LISTS): Promise<Blocker> {
  const lists = await readLists(folder ?? (await fetchedLists()));
  const engine = FiltersEngine.parse(lists.join('\n'), { enableCompression: false });
  const isBlocked = (url: string, type: RequestType, sourceUrl: string): boolean =>
    engine.match(Request.fromRawDetails({ url, type, sourceUrl })).match;

  const server = createServer((incoming, outgoing) => {
    const { url = '', headers } = incoming;
    const type = types[String(headers['sec-fetch-dest'])] ?? 'other';
    // To the page it is as if there were no network.
    if (isBlocked(url, type, type === 'main_frame' ? url : (headers.referer ?? url))) return void incoming.destroy();
    pass(incoming, outgoing);
  }).listen(0, '127.0.0.1');
  server.unref();
  await once(server, 'listening');
  return {
    blocks: (url) => isBlocked(url, 'xmlhttprequest', url),
    proxy: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
}

/** What an engine calls a request that a browser makes for the sake of … */
const types: { readonly [destination: string]: RequestType } = {
  document: 'main_frame',
  empty: 'xmlhttprequest',
  script: 'script',
  style: 'stylesheet',
  image: 'image',
  font: 'font',
  audio: 'media',
  video: 'media',
};

/** The site's own answer, as it is. */
function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url = '', headers } = incoming;
  const onward = request(url, { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(outgoing);
    answer.on('error', () => outgoing.destroy());
  });
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

async function readLists(folder: string): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const path of glob(`**/{${listNames.join(',')}}`, { cwd: folder })) {
    texts.push(await readFile(join(folder, path), 'utf8'));
  }
  if (texts.length === 0) throw new Error(`${folder} has no block lists, such as easyprivacy.txt.`);
  return texts;
}

/** Downloaded and unpacked, not installed: Debian's Chromium would load it into every browser of this machine. */
async function fetchedLists(): Promise<string> {
  if (existsSync(kept)) return kept;
  await mkdir(kept.slice(0, kept.lastIndexOf('/')), { recursive: true });
  const folder = await mkdtemp(`${kept}-`);
  try {
    await run('apt-get', ['download', '-q', 'webext-ublock-origin-chromium'], { cwd: folder });
    for await (const file of glob('*.deb', { cwd: folder }))
      await run('dpkg-deb', ['-x', file, 'lists'], { cwd: folder });
    await rename(join(folder, 'lists'), kept);
  } catch {
    throw new Error(
      'Found no block lists. Set BLOCK_LISTS to a folder with easylist.txt and easyprivacy.txt; on Debian they come by themselves.',
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return kept;
}
