import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const file = new URL('../results/browser.md', import.meta.url);

const biome = fileURLToPath(new URL('../../node_modules/@biomejs/biome/bin/biome', import.meta.url));

const introduction = `# What trackers cost a page, in Chromium

Written by \`npm run bench:browser -- --write\`; [how to read it](../README.md). (n×): times ours, in the same run.

`;

/** Puts a measure's section in the place of what the file said under the same title before. */
export async function writeSection(section: string): Promise<void> {
  const before = await readFile(file, 'utf8').catch(() => '');
  const sections = new Map<string, string>();
  for (const one of [...before.split(/^(?=## )/m).slice(1), section]) sections.set(titleOf(one), one);
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, introduction + [...sections.values()].map((one) => `${one.trim()}\n`).join('\n'));
  // It is kept in the repository, where tables are aligned.
  execFileSync(process.execPath, [biome, 'format', '--write', fileURLToPath(file)]);
}

const titleOf = (section: string): string => section.slice(0, section.indexOf('\n'));
