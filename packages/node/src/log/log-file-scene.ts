import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** Where a test may keep a log: a folder of its own, and a path in a folder that is not made yet. Both go after the test. */
export function useLogFile(): { readonly folder: string; readonly path: string } {
  const place = { folder: '', path: '' };
  beforeEach(() => {
    place.folder = mkdtempSync(join(tmpdir(), 'log-'));
    place.path = join(place.folder, 'made', 'log.db');
  });
  afterEach(() => rmSync(place.folder, { recursive: true, force: true }));
  return place;
}
