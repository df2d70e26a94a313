import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const at = (path: string): URL => new URL(`../${path}`, import.meta.url);

/** The rows of every table of threats: what is threatened, what stands against it, what holds it. */
const rows = readFileSync(at('docs/security.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\|[ :|-]*\|$/.test(line) && !/^\| *Threat /.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test('every threat has an answer', () => {
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) expect(row.every((cell) => cell !== '')).toBe(true);
});

test.each(rows.map(([threat = '', , held = '']) => ({ threat, held })))(
  '$threat: what holds it is there',
  ({ held }) => {
    for (const reference of held.split('<br>')) {
      const [, path = '', name] = /`([^`]+)`(?: › (.+))?$/.exec(reference.trim()) ?? [];
      const file = readFileSync(at(path), 'utf8');
      if (name !== undefined) expect(file).toContain(name);
    }
  },
);
