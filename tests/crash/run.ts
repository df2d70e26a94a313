// `npm run crash`: kills a collector at random moments under load, as often as asked, and counts. Options: --runs <number>,
// --seed <number> to do the same again, --write.
import { parseArgs } from 'node:util';
import { createSeededRandom } from '@org/track-core/testing';
import { resultsPlace } from '../../bench/results-place.ts';
import { crashRuns } from './crash-runs.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    seed: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) fail(`--runs: expected a number above 0, got ${values.runs}`);
const seed = Number(values.seed ?? Date.now() % 1e6);
console.log(`${runs} kills, seed ${seed}`);

const report = await crashRuns({
  runs,
  random: createSeededRandom(seed),
  onRun: (run, moment) => {
    if ((run + 1) % 10 === 0) console.log(`${run + 1} kills, the last one ${moment}`);
  },
});
const { kills, made, acknowledged, missing, doubled, losses, slowestStartMs } = report;
const moments = Object.entries(kills).map(([moment, count]) => `${count} ${moment}`);
const text = [
  `${runs} kills, seed ${seed}: ${moments.join(', ')}; slowest start ${(slowestStartMs / 1_000).toFixed(1)} s`,
  `${made} events made, ${acknowledged} acknowledged, ${losses.join(', ') || 'none'} lost by the sender`,
  `${missing.length} acknowledged and not in DuckDB, ${doubled.length} there twice`,
];
console.log(`\n${text.join('\n')}`);
if (values.write) await resultsPlace(new URL('results/crash.md', import.meta.url), listOf(text));
if (missing.length + doubled.length + losses.length > 0 || acknowledged !== made) process.exitCode = 1;

function listOf(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
