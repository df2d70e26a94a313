// What a page pays for the browser package: bytes after gzip -9, as bundled and minified by rolldown, which is Vite's
// bundler, for the condition `production`, which it sets when a site is built. Beside it what esbuild makes of the same. What is built is measured, so that a page gets what is said here.
// Above the budget is a failure.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { build } from 'rolldown';
import { internalNames } from '../packages/browser/internal-names.ts';

const at = (/** @type {string} */ path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** @type {Record<string, number>} */
const budgets = JSON.parse(readFileSync(at('scripts/size-budget.json'), 'utf8'));

/** What tells of reading, clicks and links. */
const captures = 'autocapture clicks deadClicks downloads engagement outboundLinks rageClicks scrollDepth'.split(' ');

/** @param {readonly string[]} plugins */
const capturing = (plugins) => `import { createTracker, pageViews, ${plugins} } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews(), ${plugins.map((plugin) => `${plugin}()`)}] });`;

/** What pages write. The names are those that a budget refers to. */
const entries = {
  'createTracker + pageViews': `import { createTracker, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()] });`,
  createTracker: `import { createTracker } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j' });`,
  '… + sampling': `import { createTracker, pageViews, sampling } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], plugins: [sampling({ share: 0.1 })] });`,
  '… + rateLimit': `import { createTracker, pageViews, rateLimit } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], plugins: [rateLimit()] });`,
  '… + sequence': `import { createTracker, pageViews, sequence } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], plugins: [sequence()] });`,
  '… + servedPage': `import { createTracker, pageViews, servedPage } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], plugins: [servedPage()] });`,
  '… + readVisitor': `import { createTracker, pageViews, readVisitor } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()] });
    export const visitor = readVisitor();`,
  '… + rootDomain': `import { createTracker, pageViews, rootDomain } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], storage: rootDomain() });`,
  '… + cookieCheck': `import { cookieCheck, createTracker, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], storage: cookieCheck() });`,
  '… + oneStart': `import { createTracker, oneStart, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], plugins: [oneStart()] });`,
  '… + pageOnly': `import { createTracker, pageOnly, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], storage: pageOnly() });`,
  createWorkerTracker: `import { createWorkerTracker } from '@org/track-browser/worker';
    export const tracker = createWorkerTracker({ endpoint: '/api/j' });`,
  '… + attribution': `import { attribution, createTracker, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], plugins: [attribution()] });`,
  '… + googleConsent': `import { createTracker, googleConsent, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], plugins: [googleConsent()] });`,
  '… + erasure': `import { createTracker, erasure, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], plugins: [erasure()] });`,
  '… + sharedConsent': `import { createTracker, pageViews, sharedConsent } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], plugins: [sharedConsent()] });`,
  '… + replay': `import { createTracker, pageViews, replay } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()] }); replay(globalThis.q, tracker);`,
  '… + forms': `import { createTracker, forms, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews(), forms()] });`,
  '… + impressions': `import { createTracker, impressions, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews(), impressions()] });`,
  '… + media': `import { createTracker, media, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews(), media()] });`,
  '… + errors': `import { createTracker, errors, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews(), errors()] });`,
  '… + webVitals': `import { createTracker, pageViews, webVitals } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews(), webVitals()] });`,
  '… + staggered': `import { createTracker, pageViews, staggered } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews(), ...staggered()] });`,
  '… + redaction': `import { createTracker, pageViews, redaction } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], plugins: [redaction()] });`,
  'React (beside it)': `export * from '@org/track-browser/react';`,
  '… + deliveryState': `import { createTracker, deliveryState, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], delivery: [deliveryState()] });`,
  '… + deferred': `import { createTracker, deferred, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], delivery: [deferred()] });`,
  '… + eager': `import { createTracker, eager, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], delivery: [eager()] });`,
  '… + numbered': `import { createTracker, numbered, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], delivery: [numbered()] });`,
  '… + takeover': `import { createTracker, pageViews, takeover } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], delivery: [takeover()] });`,
  '… + compressed': `import { compressed, createTracker, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()], delivery: [compressed()] });`,
  ...Object.fromEntries(captures.map((plugin) => [`… + ${plugin}`, capturing([plugin])])),
  '… + all of these eight': capturing(captures),
  '… + all that captures': capturing([...captures, 'errors', 'forms', 'impressions', 'media', 'webVitals']),
  '… + all of the delivery': `import { beacon, compressed, createTracker, deferred, deliveryState, eager, numbered, pageViews, rateLimit, sampling, sequence, takeover } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()],
      delivery: [numbered(), compressed(), deferred(), beacon(), eager(), takeover(), deliveryState()], plugins: [sampling({ share: 0.5 }), rateLimit(), sequence()] });`,
  'overlay, debug (beside it)': `export * from '@org/track-browser/overlay';`,
  everything: `export * from '@org/track-browser';`,
};
const inDetail = 'createTracker + pageViews';

/**
 * Bundles as a page's build would, tree-shaken and minified.
 *
 * @param {string} code
 * @param {{ isDevelopment?: boolean }} [options]
 */
async function bundle(code, { isDevelopment = false } = {}) {
  const page = at('page.js');
  const { output } = await build({
    input: page,
    plugins: [
      { name: 'page', resolveId: (id) => (id === page ? id : null), load: (id) => (id === page ? code : null) },
    ],
    platform: 'browser',
    external: ['react'],
    logLevel: 'silent', // it warns of lines meant for frameworks
    resolve: { conditionNames: ['browser', 'module', 'import', isDevelopment ? 'development' : 'production'] },
    transform: { target: 'es2022' },
    output: { format: 'esm', minify: true, comments: false },
    write: false,
  });
  return Buffer.from(output[0].code);
}

/**
 * The same by esbuild, which also tells where the bytes come from.
 *
 * @param {string} code
 * @param {esbuild.BuildOptions} [options]
 */
async function bundleByEsbuild(code, options) {
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents: code, resolveDir: at('.'), loader: 'js' },
    bundle: true,
    conditions: ['module', 'production'],
    external: ['react'],
    format: 'esm',
    legalComments: 'none',
    metafile: true,
    minify: true,
    platform: 'browser',
    target: 'es2022',
    ...options,
    write: false,
  });
  const [output] = Object.values(metafile?.outputs ?? {});
  const parts = Object.entries(output?.inputs ?? {}).map(([path, { bytesInOutput }]) => ({ path, bytesInOutput }));
  return { bytes: outputFiles[0]?.contents ?? new Uint8Array(), parts };
}

/** @param {Uint8Array} bytes */
function weigh(bytes) {
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  return {
    min: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, brotli).length,
  };
}

/** @type {{ name: string, min: number, gzip: number, brotli: number, esbuild?: number }[]} */
const rows = [];
for (const [name, code] of Object.entries(entries)) {
  const { bytes } = await bundleByEsbuild(code);
  rows.push({ name, ...weigh(await bundle(code)), esbuild: weigh(bytes).gzip });
}
rows.push({ name: '… told mistakes at length', ...weigh(await bundle(entries[inDetail], { isDevelopment: true })) });
rows.push({ name: 'script tag (IIFE)', ...weigh(readFileSync(at('packages/browser/dist/track-browser.iife.js'))) });
const capture = readFileSync(at('packages/browser/dist/track-browser-capture.iife.js'));
rows.push({ name: 'script tag, capture', ...weigh(capture) });

const column = (/** @type {number | string} */ value) => String(value).padStart(8);
console.log(`${''.padEnd(28)}${['min', 'gzip', 'brotli', 'esbuild', 'budget'].map(column).join('')}`);
for (const { name, min, gzip, brotli, esbuild = '' } of rows) {
  console.log(`${name.padEnd(28)}${[min, gzip, brotli, esbuild, budgets[name] ?? ''].map(column).join('')}`);
}

// Sources, because what is built is one file and would not tell where its bytes come from.
/** @type {esbuild.Plugin} */
const forVisitors = {
  name: 'for visitors',
  // In each file, because esbuild folds no constant that is another file's.
  setup: ({ onLoad }) =>
    onLoad({ filter: /packages.(browser|core).src.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(/(?<=[(!] *)isDevelopment\b/g, 'false'),
      loader: 'ts',
    })),
};
const { parts } = await bundleByEsbuild(entries[inDetail], {
  plugins: [forVisitors],
  alias: {
    '@org/track-browser': at('packages/browser/src/index.ts'),
    '@org/track-core': at('packages/core/src/index.ts'),
  },
  mangleProps: new RegExp(`^(${internalNames.join('|')})$`),
});
console.log(`\n${inDetail}, minified bytes by source file:`);
for (const { path, bytesInOutput } of parts.toSorted((a, b) => b.bytesInOutput - a.bytesInOutput)) {
  if (bytesInOutput > 0) console.log(`${column(bytesInOutput)}  ${path}`);
}

const gzipOf = (/** @type {string} */ name) => rows.find((row) => row.name === name)?.gzip ?? Number.NaN;

let isFine = true;
for (const [name, budget] of Object.entries(budgets)) {
  const gzip = gzipOf(name);
  if (gzip <= budget) continue;
  isFine = false;
  console.error(`\n${name}: expected at most ${budget} bytes gzip, got ${gzip}`);
}

// What guides say a plugin adds, in KB: a tenth more or less is no news to anybody.
for (const guide of ['capture', 'capture-forms-media']) {
  const text = readFileSync(at(`docs/guides/${guide}.md`), 'utf8');
  for (const [, plugin, said] of text.matchAll(/^\| `(\w+)\(\)` .*\| ([\d.]+) KB +\|$/gm)) {
    const adds = (gzipOf(`… + ${plugin}`) - gzipOf(inDetail)) / 1_000;
    if (Math.abs(adds - Number(said)) < 0.1) continue;
    isFine = false;
    console.error(`\n${guide}.md: ${plugin}() adds ${adds.toFixed(1)} KB, not ${said}`);
  }
}

// The same of the README, with brotli.
const readme = readFileSync(at('README.md'), 'utf8');
for (const [row, entry] of [
  ['with page views', inDetail],
  ['with all it captures', '… + all that captures'],
]) {
  const said = Number(new RegExp(`Track, ${row}\\*\\* +\\| \\*\\*([\\d.]+) KB`).exec(readme)?.[1]);
  const weighs = (rows.find(({ name }) => name === entry)?.brotli ?? Number.NaN) / 1_000;
  if (Math.abs(weighs - said) < 0.1) continue;
  isFine = false;
  console.error(`\nREADME.md: Track, ${row}, is ${weighs.toFixed(1)} KB, not ${said}`);
}
process.exit(isFine ? 0 : 1);
