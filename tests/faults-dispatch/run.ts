// `npm run faults:dispatch`: what arrives at six destinations of which one is down, one hangs, one is busy, one refuses
// in part and two are well, while the collector is killed. Options: --seconds <number>, --rate <batches a second>, --kills <number>.
import { parseArgs } from 'node:util';
import { faultsIn, runDispatchFaults } from './dispatch-faults.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    rate: { type: 'string', default: '10' },
    kills: { type: 'string', default: '3' },
  },
});

const result = await runDispatchFaults({
  seconds: Number(values.seconds),
  batchesPerSecond: Number(values.rate),
  kills: Number(values.kills),
});
console.log(`${result.accepted} events accepted, the collector killed ${result.kills} times\n`);
console.table(result.rows);
const faults = faultsIn(result);
for (const fault of faults) console.error(`✖ ${fault}`);
process.exit(faults.length === 0 ? 0 : 1);
