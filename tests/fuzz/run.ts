// `npm run fuzz`: bodies of every kind for a real collector, then what is meant to bring it down. Options: --bodies <number>,
// --seed <number> to do the same again, --connections <number>, --write.
import { parseArgs } from 'node:util';
import { resultsPlace } from '../../bench/results-place.ts';
import { assaults } from './assaults.ts';
import { fuzzBodies } from './fuzz-bodies.ts';

const { values } = parseArgs({
  options: {
    bodies: { type: 'string', default: '100000' },
    seed: { type: 'string' },
    connections: { type: 'string', default: '5000' },
    write: { type: 'boolean', default: false },
  },
});
const [bodies, connections] = [Number(values.bodies), Number(values.connections)];
const seed = Number(values.seed ?? Date.now() % 1e6);
const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MB`;

console.log(`${bodies} bodies, seed ${seed}`);
const report = await fuzzBodies({
  bodies,
  seed,
  onProgress: (sent) => {
    if (sent % 10_000 < 600) console.log(`${sent} sent`);
  },
});
const { statuses, wrong, missing, doubled, heapBytes, hasCrashed } = report;
const answers = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`);
const { early, highest, last } = heapBytes;
const lines = [
  `${bodies} bodies, seed ${seed}: ${answers.join(', ')}`,
  `${wrong.length} wrong, ${missing.length} valid events missing, ${doubled.length} twice`,
  `heap: ${megabytes(early)} after a tenth, ${megabytes(highest)} at most, ${megabytes(last)} at the end`,
];
console.log(`\n${lines.join('\n')}`);
for (const one of wrong) console.log(`  ${one}`);
if (hasCrashed) console.log('the server crashed');
if (hasCrashed || wrong.length + missing.length + doubled.length > 0 || last - early > 64 * 1024 * 1024)
  process.exitCode = 1;

for (const { name, run } of assaults) {
  const {
    served,
    refused,
    unanswered,
    slowestMs,
    grownBytes,
    hasCrashed: isDown,
  } = await run({ connections, forMs: 5_000 });
  const line =
    `${name}: others ${served} served, ${refused} refused, ${unanswered} unanswered, the slowest after ${slowestMs.toFixed(0)} ms; ` +
    `${megabytes(grownBytes)} more memory at most${isDown ? '; the server crashed' : ''}`;
  lines.push(line);
  console.log(line);
  if (served === 0 || refused + unanswered > 0 || isDown) process.exitCode = 1;
}
if (values.write) {
  await resultsPlace(new URL('results/fuzz.md', import.meta.url), lines.map((line) => `- ${line}`).join('\n'));
}
