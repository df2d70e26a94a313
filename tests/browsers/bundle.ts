import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

let made: Promise<string> | undefined;

/** The built packages and `page/entry.ts`, as a site's bundler makes them one script for its visitors. */
export function bundle(): Promise<string> {
  made ??= build({
    entryPoints: [here('page/entry.ts')],
    bundle: true,
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
  return made;
}
