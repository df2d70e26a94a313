import { join } from 'node:path';
import type { Destination } from '@org/track-core';
import { duckdb } from '@org/track-node/duckdb';
import { postgres } from '@org/track-node/postgres';
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

/** Every warehouse there is: what one of them holds, all of them hold. */
export const contestants: { readonly [name: string]: (folder: string) => Promise<Warehouse> } = {
  duckdb: async (folder) => ({
    destination: duckdb(join(folder, 'events.duckdb')),
    inBytes: (column) => column,
  }),
  postgres: async () => {
    const server = await startPostgres();
    const schema = `compare_${process.pid}`;
    const destination = postgres({ url: server.url, schema });
    return {
      destination,
      inBytes: (column) => `${column} COLLATE "C"`,
      async remove() {
        const owner = postgres({ url: server.url, schema });
        await owner.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`).finally(() => owner.close?.());
        await server.remove();
      },
    };
  },
};
