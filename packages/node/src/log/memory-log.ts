import type { Log } from './log.ts';
import { type SqliteLogOptions, sqliteLog } from './sqlite-log.ts';

/** The log without a file, for tests and trials: the same machinery, gone with the process. */
export function memoryLog(options?: SqliteLogOptions): Log {
  return sqliteLog(':memory:', options);
}
