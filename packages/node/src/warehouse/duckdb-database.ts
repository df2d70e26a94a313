import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Model } from '../models/model.ts';
import { removeCopy } from './duckdb-compact.ts';
import { migrate } from './duckdb-schema.ts';
import { createStoreRows, type StoreRows } from './duckdb-writes.ts';

/** DuckDB's own settings. */
export type DuckDbSettings = { readonly [setting: string]: string } | undefined;

/** A file that is open. */
export interface OpenFile {
  readonly instance: DuckDBInstance;
  /** Only for writing: its temporary table is shared by all batches. */
  readonly writer: DuckDBConnection;
}

/** A file that is open, with the tables and views of ours. */
export interface Database extends OpenFile {
  readonly storeRows: StoreRows;
}

/** @throws Error that names the path, and who has the file open where that is why */
export async function openDatabase(
  path: string,
  settings: DuckDbSettings,
  models: readonly Model[],
): Promise<Database> {
  const isFile = path !== ':memory:';
  const file = isFile ? resolve(path) : path;
  if (isFile) await mkdir(dirname(file), { recursive: true });
  let instance: DuckDBInstance | undefined;
  try {
    const opened = await openFile(file, settings);
    instance = opened.instance;
    const { writer } = opened;
    // The file is ours now, and so is what lies beside it.
    if (isFile) await removeCopy(file).catch(() => {});
    // The host's zone would make the same SQL answer differently on two machines.
    await writer.run(`SET GLOBAL TimeZone = 'UTC'`);
    await migrate(writer);
    for (const model of models) await writer.run(`CREATE OR REPLACE VIEW ${model.name} AS\n${model.sql('duckdb')}`);
    return { instance, writer, storeRows: createStoreRows(writer) };
  } catch (error) {
    instance?.closeSync();
    throw new Error(`duckdb("${path}"): ${openingProblem(error)}`, { cause: error });
  }
}

/** The file alone, as it is. */
export async function openFile(file: string, settings: DuckDbSettings): Promise<OpenFile> {
  // JSON and time zones are built in; without these two settings a query could send DuckDB to the network for more.
  const instance = await DuckDBInstance.fromCache(file, {
    ...settings,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  try {
    return { instance, writer: await instance.connect() };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

function openingProblem(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (!/set lock on file/i.test(text)) return text;
  const holder = /PID (\d+)/.exec(text)?.[1];
  return `the file is in use by another process${holder === undefined ? '' : ` (PID ${holder})`}; only one may have it open. Read it through query() there, or stop it.`;
}
