import type { DatabaseSync } from 'node:sqlite';
import type { ErasureCounts, ErasureStage } from './erasure-receipt.ts';

/** One erasure as it is kept: a receipt, and while it is under way what is needed to go on. */
export interface ErasureRow {
  readonly id: string;
  readonly askedAt: number;
  readonly finishedAt: number | null;
  readonly stage: ErasureStage;
  readonly salt: Uint8Array;
  /** Of each id, with that salt; hexadecimal. */
  readonly hashes: readonly string[];
  readonly counts: ErasureCounts;
  /** Whose it is, JSON text; `null` once all are done, or have given up. */
  readonly person: string | null;
}

/** How far one destination is. */
export interface ErasureTaskRow {
  readonly destination: string;
  readonly state: 'waiting' | 'erased' | 'unsupported' | 'failed';
  readonly tries: number;
  readonly nextAt: number;
  readonly at: number;
  readonly reason: string | null;
}

/** The tables of erasures. What writes runs inside a transaction. */
export interface ErasureTable {
  insert(row: ErasureRow): void;
  update(id: string, changes: Partial<Omit<ErasureRow, 'id' | 'askedAt' | 'salt'>>): void;
  get(id: string): ErasureRow | undefined;
  /** Not finished, oldest first. */
  open(): readonly ErasureRow[];
  /** Newest first. */
  all(): Iterable<ErasureRow>;
  setTask(id: string, task: ErasureTaskRow): void;
  tasks(id: string): readonly ErasureTaskRow[];
}

export const erasureTables = `
  CREATE TABLE erasures (
    id TEXT PRIMARY KEY,
    asked_at INTEGER NOT NULL,
    finished_at INTEGER,
    stage TEXT NOT NULL,
    salt BLOB NOT NULL,
    hashes TEXT NOT NULL,
    counts TEXT NOT NULL,
    person TEXT
  ) STRICT;
  CREATE TABLE erasure_tasks (
    erasure TEXT NOT NULL,
    destination TEXT NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT,
    PRIMARY KEY (erasure, destination)
  ) STRICT, WITHOUT ROWID;
`;

type Row = Record<string, unknown>;

export function createErasureTable(db: DatabaseSync): ErasureTable {
  const put = db.prepare('INSERT OR REPLACE INTO erasures VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const get = db.prepare('SELECT * FROM erasures WHERE id = ?');
  const open = db.prepare('SELECT * FROM erasures WHERE finished_at IS NULL ORDER BY asked_at, rowid');
  const all = db.prepare('SELECT * FROM erasures ORDER BY asked_at DESC, rowid DESC');
  const setTask = db.prepare('INSERT OR REPLACE INTO erasure_tasks VALUES (?, ?, ?, ?, ?, ?, ?)');
  const tasks = db.prepare(
    'SELECT destination, state, tries, next_at AS nextAt, at, reason FROM erasure_tasks WHERE erasure = ? ORDER BY destination',
  );

  function write({ id, askedAt, finishedAt, stage, salt, hashes, counts, person }: ErasureRow): void {
    put.run(id, askedAt, finishedAt, stage, salt, JSON.stringify(hashes), JSON.stringify(counts), person);
  }

  const find = (id: string): ErasureRow | undefined => {
    const row = get.get(id);
    return row === undefined ? undefined : toErasure(row);
  };

  return {
    insert: write,
    update(id, changes) {
      const row = find(id);
      if (row !== undefined) write({ ...row, ...changes });
    },
    get: find,
    open: () => open.all().map(toErasure),
    *all() {
      for (const row of all.iterate() as Iterable<Row>) yield toErasure(row);
    },
    setTask: (id, { destination, state, tries, nextAt, at, reason }) =>
      void setTask.run(id, destination, state, tries, nextAt, at, reason),
    tasks: (id) => tasks.all(id).map((row) => ({ ...row })) as unknown as readonly ErasureTaskRow[],
  };
}

function toErasure(row: Row): ErasureRow {
  return {
    id: row.id as string,
    askedAt: row.asked_at as number,
    finishedAt: row.finished_at as number | null,
    stage: row.stage as ErasureStage,
    salt: row.salt as Uint8Array,
    hashes: JSON.parse(row.hashes as string) as string[],
    counts: JSON.parse(row.counts as string) as ErasureCounts,
    person: row.person as string | null,
  };
}
