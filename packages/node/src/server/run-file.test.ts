import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRunFile, removeRunFile, writeRunFile } from './run-file.ts';

let folder: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-'));
  log = join(folder, 'log.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = { pid: 1, adminUrl: 'http://127.0.0.1:1', token: 'token' };

test('it is for its owner alone, also where one for everybody was left', () => {
  writeFileSync(`${log}.server`, '{}');
  chmodSync(`${log}.server`, 0o666);
  writeRunFile(log, run);
  if (process.platform !== 'win32') expect(statSync(`${log}.server`).mode & 0o777).toBe(0o600);
  expect(readRunFile(log)).toEqual(run);
});

test('there is none before, after, or where it is damaged', () => {
  expect(readRunFile(log)).toBeUndefined();
  writeRunFile(log, run);
  removeRunFile(log);
  removeRunFile(log);
  expect(readRunFile(log)).toBeUndefined();
  writeFileSync(`${log}.server`, '{"pid":1,');
  expect(readRunFile(log)).toBeUndefined();
});
