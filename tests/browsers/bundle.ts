import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const made = new Map<string, Promise<string>>();

/** The built packages and an entry of `page/`, as a site's bundler makes them one script for its visitors. */
export function bundle(entry: 'entry' | 'entry-with-react'): Promise<string> {
  const known = made.get(entry);
  if (known) return known;
  const bundled = build({
    entryPoints: [here(`page/${entry}.ts`)],
    bundle: true,
    minify: true,
    format: 'iife',
    globalName: 'browserTest',
    platform: 'browser',
    conditions: ['production'],
    target: 'es2022',
    // React is the browser package's to bring.
    nodePaths: [here('../../packages/browser/node_modules')],
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
    write: false,
  }).then(({ outputFiles: [file] }) => file?.text ?? '');
  made.set(entry, bundled);
  return bundled;
}
