import { createReadStream, createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { pipeline as pipe, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createGunzip, createGzip, gzip } from 'node:zlib';
import { browserIdIn } from '../log/person.ts';
import { linesIn } from '../runtime/lines-in.ts';
import { columns } from './event-row.ts';
import type { EventRow, FileFormat, Person } from './file-format.ts';

/** Lines made before other work of the process gets its turn. */
const linesPerTurn = 256;

const compress = promisify(gzip);

/** A line of JSON for each event, with the warehouses' columns; what an event does not have is not there. */
export function ndjsonFormat(isGzip: boolean): FileFormat {
  return {
    ending: isGzip ? '.ndjson.gz' : '.ndjson',
    async write(rows, path) {
      let text = '';
      for (const [index, row] of rows.entries()) {
        text += `${lineOf(row)}\n`;
        if (index % linesPerTurn === linesPerTurn - 1) await nextTurn();
      }
      await writeFile(path, isGzip ? await compress(text) : text);
    },
    async devicesOf({ user, device: named }, path, signal) {
      const devices = new Set<string>();
      for await (const line of linesOf(path, isGzip, signal)) {
        const row = fieldsOf(line);
        const { anonymous_id: device, user_id: whose, previous_id: former } = row;
        if (typeof device !== 'string') continue;
        const isUsers = user !== null && whose !== undefined && (whose === user || former === user);
        if (isUsers || (named !== null && browserIdIn(row) === named)) devices.add(device);
      }
      return [...devices];
    },
    async sharedDevices({ user, devices }, path, signal) {
      const shared = new Set<string>();
      for await (const line of linesOf(path, isGzip, signal)) {
        const { anonymous_id: device, user_id: whose, previous_id: former } = fieldsOf(line);
        const isOthers = whose !== undefined && whose !== user && former !== user;
        if (isOthers && typeof device === 'string' && devices.includes(device)) shared.add(device);
      }
      return [...shared];
    },
    async rowsOf(person, path, signal) {
      const rows: object[] = [];
      for await (const line of linesOf(path, isGzip, signal)) if (isOf(person, line)) rows.push(fieldsOf(line));
      return rows;
    },
    async copyWithout(person, from, to, signal) {
      let theirs = 0;
      let others = 0;
      async function* kept(): AsyncGenerator<string> {
        for await (const line of linesOf(from, isGzip, signal)) {
          if (isOf(person, line)) theirs++;
          else {
            others++;
            yield `${line}\n`;
          }
        }
      }
      const target = createWriteStream(to);
      if (isGzip) await pipeline(Readable.from(kept()), createGzip(), target, { signal });
      else await pipeline(Readable.from(kept()), target, { signal });
      return { theirs, others };
    },
    async close() {},
  };
}

/** JSON columns are JSON already. */
function lineOf(row: EventRow): string {
  const fields = columns.flatMap(({ name, type }, index) => {
    const cell = row[index] ?? null;
    if (cell === null) return [];
    if (typeof cell === 'bigint') return [`"${name}":"${new Date(Number(cell / 1_000n)).toISOString()}"`];
    return [`"${name}":${type === 'JSON' ? cell : JSON.stringify(cell)}`];
  });
  return `{${fields.join()}}`;
}

function linesOf(path: string, isGzip: boolean, signal: AbortSignal): AsyncIterable<string> {
  const file = createReadStream(path, { signal });
  // It hands errors on, and closes the file with what reads it; whoever reads hears of them.
  return linesIn(isGzip ? pipe(file, createGunzip(), () => {}) : file);
}

function isOf({ user, devices }: Person, line: string): boolean {
  const { anonymous_id: device, user_id: whose, previous_id: former } = fieldsOf(line);
  const isTheirs = (id: unknown): boolean => devices.includes(id as string);
  if (user !== null && (whose === user || former === user)) return true;
  return isTheirs(former) || ((whose === undefined || user === null) && isTheirs(device));
}

/** Of what is no line of ours, nothing. */
function fieldsOf(line: string): { readonly [column: string]: unknown } {
  try {
    const row = JSON.parse(line) as unknown;
    return typeof row === 'object' && row !== null ? (row as { readonly [column: string]: unknown }) : {};
  } catch {
    return {};
  }
}
