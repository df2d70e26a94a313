import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

const biome = fileURLToPath(new URL('../node_modules/@biomejs/biome/bin/biome', import.meta.url));

/** Puts what was measured in the place of what was measured last: behind the file's first `---`. What stands above stays. */
export async function resultsPlace(file: URL, measured: string): Promise<void> {
  const [introduction = ''] = (await readFile(file, 'utf8')).split('\n---\n');
  const machine = `${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}`;
  const facts = `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${machine}.`;
  await writeFile(file, `${introduction.trim()}\n\n---\n\n${facts}\n\n${measured}\n`);
  // It is kept in the repository, where tables are aligned.
  execFileSync(process.execPath, [biome, 'format', '--write', fileURLToPath(file)]);
}
