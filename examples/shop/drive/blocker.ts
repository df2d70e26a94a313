import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { glob, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FiltersEngine, Request } from '@ghostery/adblocker';
import type { BrowserContext } from 'playwright';

/** A content blocker: a real engine with the lists that people have. */
export interface Blocker {
  /** All that a browser's pages ask for is judged from now on; what outlives its page, Playwright does not see leave. */
  guard(context: BrowserContext): Promise<void>;
  /** Does it stop what a page of this site sends to this address? */
  blocks(url: string): boolean;
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
  const isBlocked = (url: string, type: string, sourceUrl: string): boolean =>
    engine.match(Request.fromRawDetails({ url, type: type as never, sourceUrl })).match;

  return {
    blocks: (url) => isBlocked(url, 'fetch', url),
    async guard(context) {
      await context.route('**/*', (route) => {
        const request = route.request();
        const from = request.isNavigationRequest() ? request.url() : request.frame().url();
        if (isBlocked(request.url(), request.resourceType(), from)) return route.abort('blockedbyclient');
        return route.continue();
      });
    },
  };
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
