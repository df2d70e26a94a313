/// <reference types="node" />
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const packages = join(import.meta.dirname, '../..');

// An engine that cannot read a pattern refuses the whole file, and with it the host's bundle. https://caniuse.com/js-regexp-lookbehind
test('no pattern looks behind: Safari before 16.4 cannot read it', () => {
  const sources = globSync('{core,browser}/src/**/*.ts', { cwd: packages }).filter((path) => !path.includes('.test'));
  expect(sources.length).toBeGreaterThan(100);
  expect(sources.filter((path) => /\(\?<[=!]/.test(readFileSync(join(packages, path), 'utf8')))).toEqual([]);
});
