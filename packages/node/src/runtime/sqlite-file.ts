import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

/** What kind of file it is, and how one is made. */
export interface SqliteFile {
  /** Who opens it, for errors: `sqliteLog`. */
  readonly opener: string;
  /** Marks the file as of this kind: four letters as a number. */
  readonly applicationId: number;
  /** The first makes the tables; each of the others takes a file of the version before one further. */
  readonly steps: readonly string[];
  /** Bytes of a page where the file is made. Default: SQLite's. */
  readonly pageBytes?: number;
  /** Run each time it is opened: how safe, how often to the disk. */
  readonly pragmas: string;
}

const ownerOnly = 0o600;

/**
 * Opens a SQLite file of ours in WAL mode, or makes it and its folder. It belongs to one process at a time.
 *
 * @throws Error if it cannot be opened, is another program's, or is in use
 */
export function openSqliteFile(path: string, file: SqliteFile): DatabaseSync {
  // Asked for here and not imported: Node 22 prints a warning when the module loads, and importing us must do nothing.
  const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite');
  let db: DatabaseSync | undefined;
  try {
    const isNew = path !== ':memory:' && !existsSync(path);
    if (isNew) mkdirSync(dirname(path), { recursive: true });
    db = new Database(path);
    // What people did is in it. Its companions get the same mode from SQLite.
    if (isNew) chmodSync(path, ownerOnly);
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    if (file.pageBytes !== undefined) db.exec(`PRAGMA page_size = ${file.pageBytes}`); // of a file that is there it stays
    refuseForeign(db, file);
    db.exec(`PRAGMA journal_mode = WAL; ${file.pragmas}`);
    db.exec('BEGIN IMMEDIATE');
    for (const step of file.steps.slice(numberOf(db, 'PRAGMA user_version'))) db.exec(step);
    db.exec(`PRAGMA application_id = ${file.applicationId}; PRAGMA user_version = ${file.steps.length};`);
    db.exec('COMMIT');
    return db;
  } catch (cause) {
    db?.close();
    throw cannotOpen(path, file, cause);
  }
}

/** What a file that turns out to be of no use is reported as. */
export function cannotOpen(path: string, { opener }: SqliteFile, cause: unknown): Error {
  return new Error(`${opener}: cannot open "${path}": ${reasonOf(cause)}`, { cause });
}

function refuseForeign(db: DatabaseSync, { applicationId, steps }: SqliteFile): void {
  const isEmpty = numberOf(db, 'SELECT count(*) AS n FROM sqlite_schema') === 0;
  const isOurs = numberOf(db, 'PRAGMA application_id') === applicationId;
  if (!isEmpty && !isOurs) throw new Error("it is another program's database");
  const version = numberOf(db, 'PRAGMA user_version');
  if (version > steps.length) {
    throw new Error(`its schema version ${version} is newer than this package knows (${steps.length})`);
  }
}

/** The one number that `sql` answers with. */
export function numberOf(db: DatabaseSync, sql: string): number {
  return Object.values(db.prepare(sql).get() ?? {})[0] as number;
}

/** SQLite's result codes that a reader should not have to look up. https://sqlite.org/rescode.html */
const sqliteReasons: { readonly [code: number]: string } = {
  5: 'another process has it open; it belongs to one process',
  8: 'it is read-only',
  11: 'it is damaged',
  14: 'its folder cannot be written to, or it is a folder',
  26: 'it is not a SQLite database',
  // Of a file system that takes no writes the file is opened for reading, and cannot be locked.
  3850: 'it is read-only, or its file system has no locks',
};

function reasonOf(cause: unknown): string {
  const { errcode, message } = cause as { errcode?: number; message?: string };
  const code = errcode ?? 0;
  // The lowest byte is the kind, what is above says more of it.
  return sqliteReasons[code] ?? sqliteReasons[code & 0xff] ?? message ?? String(cause);
}
