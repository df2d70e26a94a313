import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { ClientUnderTest } from '../../tests/faults/client.ts';
import { installedPeers } from '../../tests/faults/clients/peers.ts';
import { track } from '../../tests/faults/clients/track.ts';

export type { ClientUnderTest };

/** Ours first: the others are compared with it. They are installed unless nobody but ours is asked for. */
export async function knownClients(asked: readonly string[]): Promise<readonly ClientUnderTest[]> {
  const isOursEnough = asked.length > 0 && asked.every((name) => name === track.name);
  return [track, ...(isOursEnough ? [] : await installedPeers())].map((client) => ({
    ...client,
    bundle: () => bundle(client.name),
  }));
}

/** The published package and `page/<name>.js`, as a site's bundler makes them one script: the same one for all. */
async function bundle(name: string): Promise<string> {
  const [page] = name.split('-');
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`page/${page}.js`, import.meta.url))],
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"', IS_BATCHING: String(name.endsWith('-batching')) },
    logLevel: 'error',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}
