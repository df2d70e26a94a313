import { join } from 'node:path';
import type { Destination } from '@org/track-core';
import { clickhouse } from '@org/track-node/clickhouse';
import { duckdb } from '@org/track-node/duckdb';
import { postgres } from '@org/track-node/postgres';
import { startModernClickHouse } from '../../../scripts/chdb.mjs';
import { modernClickHouse, postgresServer } from '../../../scripts/optional.mjs';
import { startPostgres } from '../../../scripts/postgres.mjs';

/** A warehouse as the comparison sees it. */
export interface Warehouse {
  readonly destination: Destination & {
    query(sql: string): Promise<readonly Record<string, unknown>[]>;
    parked(): Promise<number>;
  };
  /** Text in the order of its bytes, which is that of no language: `message_id`. */
  readonly inBytes: (column: string) => string;
  /** Takes away what was begun for it. */
  readonly remove?: () => Promise<void>;
}

/** One that can be compared: what it needs besides its package, and how it begins. */
export interface Contestant {
  readonly isFound: boolean;
  readonly start: (folder: string) => Promise<Warehouse>;
}

/** Every warehouse there is: what one of them holds, all of them hold. */
export const contestants: { readonly [name: string]: Contestant } = {
  duckdb: { isFound: true, start: startDuckDb },
  postgres: { isFound: postgresServer.found, start: startInPostgres },
  clickhouse: { isFound: modernClickHouse.found, start: startInClickHouse },
};

async function startDuckDb(folder: string): Promise<Warehouse> {
  return { destination: duckdb(join(folder, 'events.duckdb')), inBytes: (column) => column };
}

async function startInPostgres(): Promise<Warehouse> {
  const server = await startPostgres();
  const schema = `compare_${process.pid}`;
  return {
    destination: postgres({ url: server.url, schema }),
    inBytes: (column) => `${column} COLLATE "C"`,
    async remove() {
      const owner = postgres({ url: server.url, schema });
      await owner.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`).finally(() => owner.close?.());
      await server.remove();
    },
  };
}

async function startInClickHouse(): Promise<Warehouse> {
  const server = await startModernClickHouse();
  const database = `compare_${process.pid}`;
  return {
    destination: clickhouse({ url: server.url, database }),
    inBytes: (column) => column,
    async remove() {
      const owner = clickhouse({ url: server.url, database });
      await owner.query(`DROP DATABASE IF EXISTS ${database}`).finally(() => owner.close?.());
      await server.remove();
    },
  };
}
