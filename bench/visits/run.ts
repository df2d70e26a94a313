// `npm run bench:page`: what everything that captures costs two long visits, in Chromium on a phone of the middle class.
// Options: --quick, --write.
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';
import { median } from '../browser/statistics.ts';
import { type Costs, costsOf } from './measure.ts';
import { type Visit, visits } from './visits.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
});

const runs = values.quick ? 3 : 10;
const biome = fileURLToPath(new URL('../../node_modules/@biomejs/biome/bin/biome', import.meta.url));

const columns: readonly (readonly [name: keyof Costs, title: string])[] = [
  ['inp', 'INP, ms'],
  ['longTasks', 'long tasks'],
  ['inLongTasks', 'in them, ms'],
  ['longestOfOurs', 'longest of ours, ms'],
  ['script', 'scripts, ms'],
  ['mainThread', 'main thread, ms'],
  ['heap', 'heap, kB'],
];

const introduction = `# What everything that captures costs a visit

Written by \`npm run bench:page -- --write\`. Medians of ${runs} first visits each, in turns with and without; the difference is
the median of the differences of neighbours. Chromium at 4× slower; all plugins are on, with \`attribution\`,
\`googleConsent\`, \`redaction\` and \`sequence\`; set up at once, or in tasks of their own by \`staggered()\`. INP, the slowest interaction, is by the clock: what else runs on the machine
lengthens it. All other times are of the processor, from the load on; long tasks are those of 50 ms and more, and the longest
of ours is what our script ran at once, its start included.
`;

const executablePath = findChromium();
const browser = await chromium.launch({
  headless: true,
  args: chromiumArgs,
  ...(executablePath === undefined ? {} : { executablePath }),
});
const loadBefore = load();
const tables: string[] = [];
for (const visit of visits) {
  const table = await tableOf(visit);
  console.log(`\n${table}`);
  tables.push(table);
}
const [cpu] = cpus();
const conditions = [
  `${new Date().toISOString().slice(0, 10)}, Chromium ${browser.version()}, Node ${process.versions.node},`,
  `${cpus().length} × ${cpu?.model ?? 'unknown processor'}, load ${loadBefore} before and ${load()} after.`,
  ...(values.quick ? ['A quick run: too few repetitions to quote.'] : []),
].join(' ');
console.log(`\n${conditions}`);
await browser.close();
if (values.write) {
  const file = fileURLToPath(new URL('../results/visits.md', import.meta.url));
  await writeFile(file, `${[introduction, ...tables, conditions].join('\n')}\n`);
  // It is kept in the repository, where tables are aligned.
  execFileSync(process.execPath, [biome, 'format', '--write', file]);
}

async function tableOf(visit: Visit): Promise<string> {
  const without: Costs[] = [];
  const atOnce: Costs[] = [];
  const staggered: Costs[] = [];
  await costsOf(browser, visit, 'at once'); // files are read and compiled once
  for (let run = 0; run < runs; run++) {
    console.error(`▸ ${visit.title}: ${run + 1} of ${runs}`);
    without.push(await costsOf(browser, visit, 'none'));
    atOnce.push(await costsOf(browser, visit, 'at once'));
    staggered.push(await costsOf(browser, visit, 'staggered'));
  }
  const of = (costs: readonly Costs[]): readonly string[] =>
    columns.map(([name]) => figure(median(costs.map((one) => one[name]))));
  const difference = (costs: readonly Costs[]): readonly string[] =>
    columns.map(([name]) => figure(median(costs.map((one, at) => one[name] - (without[at]?.[name] ?? Number.NaN)))));
  return [
    `## ${visit.title}`,
    '',
    row(['', ...columns.map(([, title]) => title)]),
    row(['---', ...columns.map(() => '--:')]),
    row(['without', ...of(without)]),
    row(['all that captures, at once', ...of(atOnce)]),
    row(['difference', ...difference(atOnce)]),
    row(['all that captures, `staggered()`', ...of(staggered)]),
    row(['difference', ...difference(staggered)]),
    '',
  ].join('\n');
}

function figure(value: number): string {
  return value.toFixed(Math.abs(value) < 10 ? 1 : 0);
}

function load(): string {
  return loadavg()[0]?.toFixed(1) ?? '';
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
