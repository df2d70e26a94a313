import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ClientUnderTest } from './client.ts';
import type { Engine } from './engine.ts';

const biome = fileURLToPath(new URL('../../node_modules/@biomejs/biome/bin/biome', import.meta.url));

const introduction = ({ name, title, caveats }: Engine): string => `# What arrives when things go wrong, in ${title}

Written by \`npm run faults:browser -- --engine ${name} --write\`, one section for each client. All numbers are events.

- **first visit**: arrived before the person comes back. **after return**: arrived when the same profile has opened the site
  again and idled for at most 10 s, no fault in place any more.
- **doubled on the wire**: copies that reached the collector beyond the first of each event. Copies that it refused, or that
  never reached it, are tries and not counted.
- **doubled in the end**: for track, rows in DuckDB beyond the first of each event. For the others it is always 0: the far
  end of these rows keeps each event once, since what their hosted products make of copies cannot be measured here.
- Each row has a browser profile, a collector and a port of its own. The others run with their published defaults, without
  autocapture, replay, flags and remote configuration.
${caveats.map((caveat) => `- ${caveat}\n`).join('')}
`;

/** Puts what was measured in the place of what the engine's file said of these clients before. */
export async function writeSections(engine: Engine, measured: ReadonlyMap<ClientUnderTest, string>): Promise<void> {
  const file = new URL(`results/${engine.name === 'chromium' ? 'browser' : engine.name}.md`, import.meta.url);
  const before = await readFile(file, 'utf8').catch(() => '');
  const sections = new Map<string, string>();
  for (const section of before.split(/^(?=## )/m).slice(1)) sections.set(nameIn(section), section);
  for (const [{ name }, section] of measured) sections.set(name, section);
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(
    file,
    introduction(engine) + [...sections.values()].map((section) => `${section.trim()}\n`).join('\n'),
  );
  // It is kept in the repository, where tables are aligned.
  execFileSync(process.execPath, [biome, 'format', '--write', fileURLToPath(file)]);
}

/** `## segment 1.84.3` → `segment`. */
const nameIn = (section: string): string => section.split(' ')[1] ?? '';
