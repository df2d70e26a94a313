import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ServerClientUnderTest } from './client.ts';

const biome = fileURLToPath(new URL('../../node_modules/@biomejs/biome/bin/biome', import.meta.url));

const introduction = `# What arrives when things go wrong, on a server

Written by \`npm run faults:node -- --write\`, one section for each client. All numbers are events.

- **arrived**: when the process had ended: by what the row does to it, else by the client's own shutdown, which comes when
  everything has arrived or nobody would wait any longer. **after restart**: when another process had run on the same
  folder, no fault in place any more.
- **doubled on the wire**: copies that reached the far end beyond the first of each event. Copies that it refused, or that
  never reached it, are tries and not counted.
- **doubled in the end**: for track, rows in DuckDB beyond the first of each event. For the others it is always 0: the far
  end of these rows keeps each event once, since what their hosted products make of copies cannot be measured here.
- **unhandled rejections**: each ends a process that does not listen for them.
- Each row has processes, a collector, a port and folders of its own. All run with their defaults. \`track\` keeps what waits
  in memory, \`track-durable\` also in a file, with \`sqliteOutbox()\`.

`;

/** Puts what was measured in the place of what the file said of these clients before. */
export async function writeSections(measured: ReadonlyMap<ServerClientUnderTest, string>): Promise<void> {
  const file = new URL('results/node.md', import.meta.url);
  const before = await readFile(file, 'utf8').catch(() => '');
  const sections = new Map<string, string>();
  for (const section of before.split(/^(?=## )/m).slice(1)) sections.set(nameIn(section), section);
  for (const [{ name }, section] of measured) sections.set(name, section);
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, introduction + [...sections.values()].map((section) => `${section.trim()}\n`).join('\n'));
  // It is kept in the repository, where tables are aligned.
  execFileSync(process.execPath, [biome, 'format', '--write', fileURLToPath(file)]);
}

/** `## segment 3.1.0` → `segment`. */
const nameIn = (section: string): string => section.split(' ')[1] ?? '';
