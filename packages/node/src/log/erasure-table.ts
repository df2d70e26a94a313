import type { DatabaseSync } from 'node:sqlite';
import type { ErasureCounts, ErasureStage, ErasureState, OpenErasures } from './erasure-receipt.ts';

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
  readonly state: ErasureState;
  readonly tries: number;
  readonly nextAt: number;
  readonly at: number;
  readonly reason: string | null;
  /** Taken away in all tries; `null` while nobody has counted. */
  readonly rows: number | null;
  /** More may be gone than `rows`. */
  readonly isUncounted: boolean;
  /** It was asked, and nobody has written down the answer. */
  readonly isAsked: boolean;
}

/** The tables of erasures. What writes runs inside a transaction. */
export interface ErasureTable {
  insert(row: ErasureRow): void;
  update(id: string, changes: Partial<Omit<ErasureRow, 'id' | 'askedAt' | 'salt'>>): void;
  get(id: string): ErasureRow | undefined;
  /** Not finished, oldest first. */
  open(): readonly ErasureRow[];
  standing(): OpenErasures;
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

/** Of tasks from before nobody knows how much went. */
export const erasureCountColumns = `
  ALTER TABLE erasure_tasks ADD COLUMN row_count INTEGER;
  ALTER TABLE erasure_tasks ADD COLUMN is_uncounted INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE erasure_tasks ADD COLUMN is_asked INTEGER NOT NULL DEFAULT 0;
  UPDATE erasure_tasks SET is_uncounted = 1;
`;

type Row = Record<string, unknown>;

export function createErasureTable(db: DatabaseSync): ErasureTable {
  const put = db.prepare('INSERT OR REPLACE INTO erasures VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const get = db.prepare('SELECT * FROM erasures WHERE id = ?');
  const open = db.prepare('SELECT * FROM erasures WHERE finished_at IS NULL ORDER BY asked_at, rowid');
  const standing = db.prepare(
    'SELECT count(*) AS open, min(asked_at) AS oldestAskedAt FROM erasures WHERE finished_at IS NULL',
  );
  const all = db.prepare('SELECT * FROM erasures ORDER BY asked_at DESC, rowid DESC');
  const setTask = db.prepare('INSERT OR REPLACE INTO erasure_tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const tasks = db.prepare('SELECT * FROM erasure_tasks WHERE erasure = ? ORDER BY destination');

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
    standing() {
      const { open, oldestAskedAt } = standing.get() as { open: number; oldestAskedAt: number | null };
      return { open, ...(oldestAskedAt === null ? {} : { oldestAskedAt }) };
    },
    *all() {
      for (const row of all.iterate() as Iterable<Row>) yield toErasure(row);
    },
    setTask(id, { destination, state, tries, nextAt, at, reason, rows, isUncounted, isAsked }) {
      setTask.run(id, destination, state, tries, nextAt, at, reason, rows, Number(isUncounted), Number(isAsked));
    },
    tasks: (id) => tasks.all(id).map(toTask),
  };
}

function toTask(row: Row): ErasureTaskRow {
  return {
    destination: row.destination as string,
    state: row.state as ErasureState,
    tries: row.tries as number,
    nextAt: row.next_at as number,
    at: row.at as number,
    reason: row.reason as string | null,
    rows: row.row_count as number | null,
    isUncounted: row.is_uncounted === 1,
    isAsked: row.is_asked === 1,
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
