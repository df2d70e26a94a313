// `npm run compare:warehouses`: the same events through the log into every warehouse, all of them once more, some persons
// erased; then every row of one beside the others'. Options: --events <number>, --seed <number>, --warehouse <name>, repeatable.
import { parseArgs } from 'node:util';
import { compareWarehouses } from './compare-warehouses.ts';
import { contestants } from './contestants.ts';

const found = Object.keys(contestants).filter((name) => contestants[name]?.isFound);
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    warehouse: { type: 'string', multiple: true, default: found },
  },
});

const { rows, faults } = await compareWarehouses({
  events: Number(values.events),
  seed: Number(values.seed),
  names: values.warehouse,
  say: (line) => console.log(line),
});
console.table(rows);
for (const fault of faults) console.error(`✖ ${fault}`);
process.exit(faults.length === 0 ? 0 : 1);
