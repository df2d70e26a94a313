import type { SqliteFile } from '../runtime/sqlite-file.ts';
import { erasureCountColumns, erasureTables } from './erasure-table.ts';

/** A batch is tens of KB, and each of its pages is written twice: fewer of them cost less. */
const pageBytes = 16 * 1024;

const batchTables = `
  CREATE TABLE batches (
    seq INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    ids BLOB NOT NULL,
    facts TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  -- Counting must not read the bodies.
  CREATE INDEX batch_sizes ON batches (seq, received_at, count, bytes);
  CREATE TABLE consumers (name TEXT PRIMARY KEY, cursor INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE ledger (
    consumer TEXT NOT NULL,
    seq INTEGER NOT NULL,
    settled BLOB NOT NULL,
    PRIMARY KEY (consumer, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE quarantined (
    id INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    message_id TEXT UNIQUE,
    issues TEXT NOT NULL,
    event TEXT NOT NULL
  ) STRICT;
  CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    consumer TEXT NOT NULL,
    message_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    event TEXT NOT NULL
  ) STRICT;
`;

/** Who must not be kept is not kept here either: only a hash, with a salt of this file's own. */
const suppressionTables = `
  CREATE TABLE suppressed (hash BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE salts (name TEXT PRIMARY KEY, salt BLOB NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO salts VALUES ('suppressed', randomblob(16));
`;

/** Where a record came from, so that it can be put right and go on from there. Rows of older files do not know. */
const originColumns = `
  ALTER TABLE quarantined ADD COLUMN facts TEXT;
  ALTER TABLE dead_letters ADD COLUMN seq INTEGER;
  ALTER TABLE dead_letters ADD COLUMN place INTEGER;
`;

/**
 * Rows that were in the log before a consumer came: those after `backfilled` up to `backfill_through` it has not touched
 * yet. Consumers of older files began at the first row, and have none.
 */
const backfillColumns = `
  ALTER TABLE consumers ADD COLUMN backfilled INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE consumers ADD COLUMN backfill_through INTEGER NOT NULL DEFAULT 0;
`;

/** Where it is set, `body` is empty: the same, as gzip packed it. */
const packedColumn = 'ALTER TABLE batches ADD COLUMN packed BLOB;';

/** The log's file and its tables, step by step as they came to be. */
export const logFile: SqliteFile = {
  opener: 'sqliteLog',
  applicationId: 0x54726b4c, // "TrkL"
  steps: [
    batchTables,
    suppressionTables,
    originColumns,
    backfillColumns,
    erasureTables,
    erasureCountColumns,
    packedColumn,
  ],
  pageBytes,
  // What is acknowledged survives a power cut; what is deleted is gone, also the copies that rows leave as they move.
  pragmas: 'PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;',
};
