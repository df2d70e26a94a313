// What a page pays for the browser package: bytes as a bundler would ship them. Over budget is a failure.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const at = (/** @type {string} */ path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** @type {Record<string, number>} */
const budgets = JSON.parse(readFileSync(at('scripts/size-budget.json'), 'utf8'));

/** What pages write. The names are those that a budget refers to. */
const entries = {
  'createTracker + pageViews': `import { createTracker, pageViews } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j', capture: [pageViews()] });`,
  createTracker: `import { createTracker } from '@org/track-browser';
    export const tracker = createTracker({ endpoint: '/api/j' });`,
  everything: `export * from '@org/track-browser';`,
};
const inDetail = 'createTracker + pageViews';

/**
 * Bundles as a page's build would, tree-shaken and minified.
 *
 * @param {string} code
 * @param {Record<string, string>} [alias]
 */
async function bundle(code, alias = {}) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: at('.'), loader: 'js' },
    alias,
    bundle: true,
    format: 'esm',
    legalComments: 'none',
    metafile: true,
    minify: true,
    platform: 'browser',
    target: 'es2022',
    write: false,
  });
  const [output] = Object.values(metafile.outputs);
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

/** @type {{ name: string, min: number, gzip: number, brotli: number, budget?: number | undefined }[]} */
const rows = [];
for (const [name, code] of Object.entries(entries)) {
  rows.push({ name, ...weigh((await bundle(code)).bytes), budget: budgets[name] });
}
rows.push({ name: 'script tag (IIFE)', ...weigh(readFileSync(at('packages/browser/dist/track-browser.iife.js'))) });

const column = (/** @type {number | string} */ value) => String(value).padStart(8);
console.log(`${''.padEnd(28)}${['min', 'gzip', 'brotli', 'budget'].map(column).join('')}`);
for (const { name, min, gzip, brotli, budget = '' } of rows) {
  console.log(`${name.padEnd(28)}${[min, gzip, brotli, budget].map(column).join('')}`);
}

// Sources, because what is built is one file and would not tell where its bytes come from.
const { parts } = await bundle(entries[inDetail], {
  '@org/track-browser': at('packages/browser/src/index.ts'),
  '@org/track-core': at('packages/core/src/index.ts'),
});
console.log(`\n${inDetail}, minified bytes by source file:`);
for (const { path, bytesInOutput } of parts.toSorted((a, b) => b.bytesInOutput - a.bytesInOutput)) {
  if (bytesInOutput > 0) console.log(`${column(bytesInOutput)}  ${path}`);
}

const unknown = Object.entries(budgets).filter(([name, limit]) => Number.isFinite(limit) && !(name in entries));
for (const [name] of unknown) console.error(`\nsize-budget.json: nothing is called "${name}"`);
const over = rows.filter(({ gzip, budget }) => budget !== undefined && gzip > budget);
for (const { name, gzip, budget } of over) console.error(`\n${name}: ${gzip} bytes gzip, the budget is ${budget}`);
process.exit(over.length + unknown.length > 0 ? 1 : 0);
