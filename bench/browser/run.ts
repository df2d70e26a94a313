// `npm run bench:browser`: what trackers cost a page, in real Chromium on this machine, ours beside the others.
// Options: --client <name> and --measure <name>, both repeatable (ours always runs, to compare with), --quick, --write.
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';
import { type ClientUnderTest, knownClients } from './clients.ts';
import type { Measure } from './measure.ts';
import { burst } from './measures/burst.ts';
import { heap } from './measures/heap.ts';
import { start } from './measures/start.ts';
import { storage } from './measures/storage.ts';
import { trackCost } from './measures/track-cost.ts';
import { writeSection } from './results-file.ts';
import { openSite } from './site.ts';
import { type Line, tableOf } from './table.ts';
import { withVisit } from './visit.ts';

const { values } = parseArgs({
  options: {
    client: { type: 'string', multiple: true, default: [] },
    measure: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const allMeasures: Readonly<Record<string, Measure>> = { track: trackCost, start, burst, storage, heap };
const measures = chosen(values.measure, Object.keys(allMeasures), '--measure').map((name) => allMeasures[name]);

const known = await knownClients(values.client);
const [ours] = known;
const names = chosen(
  values.client,
  known.map(({ name }) => name),
  '--client',
);
const clients = known.filter((client) => client === ours || names.includes(client.name));

const executablePath = findChromium();
const launched = { headless: true, args: chromiumArgs, ...(executablePath === undefined ? {} : { executablePath }) };
let browserVersion = '';

/** Playwright closes its browsers at SIGTERM and lets the process go on; SIGINT ends it. */
process.on('SIGTERM', () => process.exit(143));

for (const measure of measures) {
  if (measure !== undefined) await take(measure);
}

async function take(measure: Measure): Promise<void> {
  const loadBefore = load();
  const lines = new Map<string, Line>();
  for (const client of clients) {
    console.error(`▸ ${measure.title}: ${client.name}`);
    lines.set(client.name, await lineOf(measure, client));
  }
  holdToPromises(measure, lines.get(ours?.name ?? ''));
  const section = `${tableOf(measure, lines)}\n\n${conditions(loadBefore)}`;
  console.log(`\n${section}\n`);
  if (values.write) await writeSection(section);
}

/** Each line has a browser, a port and storage of its own. */
async function lineOf(measure: Measure, client: ClientUnderTest): Promise<Line> {
  const site = await openSite(client);
  const browser = await chromium.launch(launched);
  browserVersion = browser.version();
  try {
    return await measure.run({
      site,
      isQuick: values.quick,
      visit: (options, act) => withVisit(browser, site, options, act),
    });
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
    return `failed: ${String(error).split('\n')[0]}`;
  } finally {
    await browser.close();
    await site.goDown();
  }
}

function holdToPromises({ columns }: Measure, line: Line | undefined): void {
  const broken = columns.filter(({ isPromisedZero }, index) => isPromisedZero && line?.[index] !== 0);
  for (const { name } of broken) console.error(`✖ ${name}: ours must be 0`);
  if (broken.length > 0) process.exitCode = 1;
}

function conditions(loadBefore: string): string {
  const [cpu] = cpus();
  return [
    `${new Date().toISOString().slice(0, 10)}, Chromium ${browserVersion}, Node ${process.versions.node},`,
    `${cpus().length} × ${cpu?.model ?? 'unknown processor'}, load ${loadBefore} before and ${load()} after.`,
    `${clients.map(({ name, version }) => `${name} ${version}`).join(', ')}.`,
    ...(values.quick ? ['A quick run: too few repetitions to quote.'] : []),
  ].join(' ');
}

function load(): string {
  return loadavg()[0]?.toFixed(1) ?? '';
}

/** What was asked for, or everything. */
function chosen(asked: readonly string[], there: readonly string[], option: string): readonly string[] {
  const unknown = asked.find((name) => !there.includes(name));
  if (unknown !== undefined) {
    console.error(`${option}: no "${unknown}". There is: ${there.join(', ')}`);
    process.exit(2);
  }
  return asked.length === 0 ? there : asked;
}
