import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { LogUnavailableError } from './log.ts';
import { useLogFile } from './log-file-scene.ts';
import { sqliteLog } from './sqlite-log.ts';

const place = useLogFile();

describe('who is suppressed', () => {
  test('is safe once that was said, whatever happens to the process', async () => {
    const log = sqliteLog(place.path);
    await log.suppression.add({ userId: 'u1' });
    // As a process that was killed leaves it: nothing was closed.
    const left = join(place.folder, 'left.db');
    for (const suffix of ['', '-wal']) copyFileSync(place.path + suffix, left + suffix);
    await log.close();
    const again = sqliteLog(left);
    expect(again.suppression.has({ userId: 'u1' })).toBe(true);
    await again.close();
  });

  test('is not in the file, only a hash that is worth nothing elsewhere', async () => {
    const hashes = [];
    for (const file of [place.path, join(place.folder, 'other.db')]) {
      const log = sqliteLog(file);
      await log.suppression.add({ userId: 'ada@example.com' });
      await log.close();
      expect(readFileSync(file).includes('ada@example.com')).toBe(false);
      const db = new DatabaseSync(file);
      hashes.push(db.prepare('SELECT hex(hash) AS hash FROM suppressed').get()?.hash);
      db.close();
    }
    expect(hashes[0]).toMatch(/^[0-9A-F]{64}$/);
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  test('is not somebody else whose hash begins alike', async () => {
    const log = sqliteLog(place.path);
    await log.suppression.add({ userId: 'u1' });
    await log.close();
    const db = new DatabaseSync(place.path);
    const hash = db.prepare('SELECT hash FROM suppressed').get()?.hash as Uint8Array;
    db.prepare('UPDATE suppressed SET hash = ?').run(hash.map((byte, at) => (at < 6 ? byte : byte ^ 1)));
    db.close();
    const again = sqliteLog(place.path);
    expect(again.suppression.has({ userId: 'u1' })).toBe(false);
    await again.close();
  });

  test('is not on the list if it could not be stored', async () => {
    const log = sqliteLog(place.path, { maxBytes: 60_000 });
    let refusal: unknown;
    for (let user = 0; refusal === undefined && user < 5_000; user++) {
      await log.suppression.add({ userId: `u${user}` }).catch((error: unknown) => {
        refusal = error;
        expect(log.suppression.has({ userId: `u${user}` })).toBe(false);
      });
    }
    expect(refusal).toBeInstanceOf(LogUnavailableError);
    expect(log.suppression.has({ userId: 'u0' })).toBe(true);
    await log.close();
  });
});
