// Erases a person from a log, or goes on with it; kills itself with SIGKILL after some turns of the event loop.
import { sqliteLog } from '@org/track-node';

const [path = '', turns = 'never'] = process.argv.slice(2);
const log = sqliteLog(path);
let left = turns === 'never' ? Number.POSITIVE_INFINITY : Number(turns);

// The log gives way to others between two steps: each turn is a place where the power may fail.
function countDown(): void {
  if (left-- <= 0) process.kill(process.pid, 'SIGKILL');
  else setImmediate(countDown);
}

const [open] = log.erasures.open();
countDown();
const id = open?.id ?? (await log.erasures.begin({ userId: 'ada-1' }, []));
await log.erasures.purge(id);
left = Number.NaN;
process.stdout.write(JSON.stringify(log.erasures.receipt(id)));
await log.close();
process.exit(0);
