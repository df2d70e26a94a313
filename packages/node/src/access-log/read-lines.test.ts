import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLines } from './read-lines.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lines-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('what is there and cannot be opened is told once, to who reads it', async () => {
  const path = join(folder, 'socket');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const unheard: unknown[] = [];
  const hear = (error: unknown): number => unheard.push(error);
  process.on('uncaughtException', hear);
  try {
    await expect(readLines(path, () => {}).next()).rejects.toThrow('ENXIO');
    await new Promise((resolve) => setImmediate(resolve));
    expect(unheard).toEqual([]);
  } finally {
    process.off('uncaughtException', hear);
    server.close();
  }
});
