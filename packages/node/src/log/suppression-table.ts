import type { DatabaseSync } from 'node:sqlite';

/** The table of those of whom nothing may be kept: hashes alone. */
export interface SuppressionTable {
  /** What ids of suppressed people are hashed with. */
  suppressionSalt(): Uint8Array;
  insertSuppressed(hash: Uint8Array, at: number): void;
  deleteSuppressed(hash: Uint8Array): void;
  isSuppressed(hash: Uint8Array): boolean;
  suppressed(): Iterable<Uint8Array>;
}

export function createSuppressionTable(db: DatabaseSync): SuppressionTable {
  const suppressionSalt = db.prepare("SELECT salt FROM salts WHERE name = 'suppressed'");
  const insertSuppressed = db.prepare('INSERT OR IGNORE INTO suppressed VALUES (?, ?)');
  const deleteSuppressed = db.prepare('DELETE FROM suppressed WHERE hash = ?');
  const isSuppressed = db.prepare('SELECT 1 FROM suppressed WHERE hash = ?');
  const suppressed = db.prepare('SELECT hash FROM suppressed');

  return {
    suppressionSalt: () => suppressionSalt.get()?.salt as Uint8Array,
    insertSuppressed: (hash, at) => void insertSuppressed.run(hash, at),
    deleteSuppressed: (hash) => void deleteSuppressed.run(hash),
    isSuppressed: (hash) => isSuppressed.get(hash) !== undefined,
    *suppressed() {
      for (const { hash } of suppressed.iterate()) yield hash as Uint8Array;
    },
  };
}
