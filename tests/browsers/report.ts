import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Row } from './row.ts';
import type { RowResult } from './run-row.ts';

type Results = ReadonlyMap<string, ReadonlyMap<Row, RowResult>>;

const biome = fileURLToPath(new URL('../../node_modules/@biomejs/biome/bin/biome', import.meta.url));

/** One line for each row, one column for each browser. */
export function resultsTable(rows: readonly Row[], results: Results): string {
  const browsers = [...results.keys()];
  return [
    line(['plugin', 'what a visitor does', ...browsers]),
    line(['---', '---', ...browsers.map(() => '---')]),
    ...rows.map((row) =>
      line([row.plugin, row.name, ...browsers.map((browser) => cell(results.get(browser)?.get(row)))]),
    ),
  ].join('\n');
}

/** Keeps the table in the repository. */
export async function writeResults(rows: readonly Row[], results: Results): Promise<void> {
  const file = new URL('results/plugins.md', import.meta.url);
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, `${introduction}\n${resultsTable(rows, results)}\n`);
  // It is kept in the repository, where tables are aligned.
  execFileSync(process.execPath, [biome, 'format', '--write', fileURLToPath(file)]);
}

const introduction = `# What capture plugins tell, browser by browser

Written by \`npm run test:browsers -- --engine chromium --engine firefox --engine webkit --write\`, ${new Date().toISOString().slice(0, 10)}.

Each row is a visit with real mouse, keys and wheel, on a page on which all plugins are at work; its events came through the
real collector. ✓: exactly the events that were expected, with their properties. Otherwise it says why not.
`;

function cell(result: RowResult | undefined): string {
  if (result === undefined) return '';
  if (result.kind === 'right') return '✓';
  return result.kind === 'wrong' ? `✖ ${result.why}` : result.why;
}

const line = (cells: readonly string[]): string => `| ${cells.map((one) => one.replaceAll('|', '\\|')).join(' | ')} |`;
