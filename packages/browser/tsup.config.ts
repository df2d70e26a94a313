import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { transformSync } from 'esbuild';
import { build, type Plugin, RolldownMagicString } from 'rolldown';
import { defineConfig } from 'tsup';
import { internalNames } from './internal-names.ts';

const mangleProps = new RegExp(`^(${internalNames.join('|')})$`);

/** The short name of each internal name, the same in all files. */
const { mangleCache: shortNames = {} } = transformSync(internalNames.map((name) => `_.${name}`).join(';'), {
  mangleProps,
  mangleCache: {},
});

/**
 * What every page uses comes first, in one order, whatever else the package offers: the same code in another order
 * compresses some bytes worse.
 */
const pageFirst: Plugin = {
  name: 'page-first',
  transform: {
    filter: { id: /browser\/src\/index\.ts$/ },
    handler: (code) =>
      ['capture/page-views', 'create-browser-tracker'].map((path) => `import './${path}.ts';`).join('') + code,
  },
};

/** Takes types away, and gives internal properties their short names: only esbuild does that. */
const shorten: Plugin = {
  name: 'shorten',
  transform: {
    filter: { id: /\.ts$/ },
    handler: (code, sourcefile) => ({
      ...transformSync(code, {
        ...{ mangleProps, mangleCache: shortNames, sourcefile },
        ...{ loader: 'ts', target: 'es2022', sourcemap: true },
      }),
      moduleType: 'js',
    }),
  },
};

/** What is said at length while a page is written stays out of what its visitors get. */
const forVisitors: Plugin = {
  name: 'for-visitors',
  load: { filter: { id: /is-development\.ts$/ }, handler: () => 'export const isDevelopment = false;' },
};

/**
 * Puts like beside like, which compresses: functions go behind everything else, which they may since they are hoisted, and
 * what is declared before them is declared by one word.
 */
const likeBesideLike: Plugin = {
  name: 'like-beside-like',
  renderChunk(code) {
    const text = new RolldownMagicString(code);
    for (const { type, start, end } of this.parse(code).body) {
      if (type === 'FunctionDeclaration') text.move(start, end, code.length).appendLeft(end, '\n');
      if (type === 'VariableDeclaration') text.overwrite(start, code.indexOf(' ', start), 'let');
    }
    return { code: text.toString(), map: text.generateMap({ hires: true }).toString() };
  },
};

/**
 * The package, out of the sources, because of files a bundler leaves out what is not used. Core comes along, so that
 * what the two say to each other can be said with short names.
 *
 * With the bundler of Vite, because it puts constants in their places: once they are variables of the built file, no
 * minifier of a page does.
 */
async function buildForBundlers(entry: string, format: 'esm' | 'cjs', ...plugins: readonly Plugin[]): Promise<void> {
  const kind = plugins.includes(forVisitors) ? '.production' : '';
  const file = `dist/${entry}${kind}.${format === 'esm' ? 'js' : 'cjs'}`;
  await build({
    input: `src/${entry}.ts`,
    external: ['react', 'web-vitals'],
    platform: 'browser',
    resolve: { alias: { '@org/track-core': resolve('../core/src/index.ts') } },
    plugins: [...plugins, pageFirst, shorten, likeBesideLike],
    // Functions would leave the names of their files behind.
    experimental: { attachDebugInfo: 'none' },
    output: {
      ...{ format, file, sourcemap: true },
      // Hooks run in pages: frameworks with server components ask for this line.
      banner: entry === 'react' ? "'use client';" : '',
      minify: { compress: { target: 'es2022' }, mangle: false, codegen: false },
    },
  });
}

/** What pages without a bundler get by a second script: not many want it, and all would pay for it. */
const captureScript: readonly string[] = [
  ...['autocapture', 'deadClicks', 'downloads', 'engagement', 'outboundLinks', 'rageClicks', 'scrollDepth'],
  ...['errors', 'forms', 'impressions', 'media', 'redaction', 'webVitals'],
];

/**
 * For pages and workers without a bundler: one file that defines the global `orgTrack`, or adds to it. Made of what was
 * built.
 */
async function buildForScriptTag(entry: string, file: string, isWanted: (name: string) => boolean): Promise<void> {
  const built = resolve(`dist/${entry}.js`);
  const names = Object.keys(await import(built)).filter(isWanted);
  const script = 'script-tag';
  await build({
    input: script,
    plugins: [
      {
        name: script,
        resolveId: (id) => (id === script ? id : null),
        load: (id) => (id === script ? `export { ${names} } from '${built}';` : null),
      },
      {
        // So that the source map leads to the sources.
        name: 'built',
        load: (id) =>
          id === built ? { code: readFileSync(id, 'utf8'), map: readFileSync(`${id}.map`, 'utf8') } : null,
      },
    ],
    transform: { target: 'es2022' },
    output: {
      file,
      format: 'iife',
      name: 'orgTrack',
      extend: true,
      esModule: false,
      generatedCode: { symbols: false },
      minify: true,
      sourcemap: true,
    },
  });
}

// Types are left to tsup. Core's stay where they are.
export default defineConfig(async () => {
  for (const entry of ['index', 'worker', 'react', 'overlay']) {
    for (const format of ['esm', 'cjs'] as const) {
      await buildForBundlers(entry, format);
      await buildForBundlers(entry, format, forVisitors);
    }
  }
  const isCapture = (name: string): boolean => captureScript.includes(name);
  await buildForScriptTag('index', 'dist/track-browser.iife.js', (name) => !isCapture(name));
  await buildForScriptTag('index', 'dist/track-browser-capture.iife.js', isCapture);
  await buildForScriptTag('worker', 'dist/track-worker.iife.js', () => true);
  await buildForScriptTag('overlay', 'dist/track-overlay.iife.js', () => true);
  return {
    entry: ['src/index.ts', 'src/worker.ts', 'src/react.ts', 'src/overlay.ts'],
    ...{ format: ['esm', 'cjs'], dts: { only: true }, clean: true },
  };
});
