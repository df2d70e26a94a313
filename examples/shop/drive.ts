// Visitors for the demo: real browsers that read, buy, give up, reload, crash, some of them with a content blocker. Then the
// books: what they did against what DuckDB holds, event by event. Exit code 1 if one event is missing or doubled.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Browser, type BrowserContext, chromium } from 'playwright';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';
import { createBlocker } from './drive/blocker.ts';
import { crawl } from './drive/crawl.ts';
import { createLedger } from './drive/ledger.ts';
import { createRandom } from './drive/random.ts';
import { funnelOf, type Reconciliation, reconcile, type Stored } from './drive/reconcile.ts';
import { faultsOf, tableOf } from './drive/report.ts';
import { judgeServed, type ServedAnswers } from './drive/served.ts';
import { createServer } from './drive/server.ts';
import { createTab } from './drive/tab.ts';
import { characterOf, visit } from './drive/visitor.ts';
import { runMark, runName } from './insights/ask.ts';

const { values } = parseArgs({
  options: {
    visitors: { type: 'string', default: '20' },
    url: { type: 'string', default: 'http://localhost:4600' },
    concurrency: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    blockers: { type: 'string', default: '0' },
  },
});
const visitors = wholeNumber('visitors', values.visitors);
const concurrency = wholeNumber('concurrency', values.concurrency);
const seed = wholeNumber('seed', values.seed);
const blockerShare = shareOf('blockers', values.blockers);
const run = runName(Date.now());

interface Step {
  readonly name: string;
  readonly visitors: number;
}

/** Its multiples fall evenly between whole numbers, and in step with nothing else that visitors have by their number. */
const goldenRatio = 0.618_034;

const longestVisitMs = 5 * 60_000;

const server = createServer(values.url.replace(/\/$/, ''));
const ledger = createLedger();
const failures: string[] = [];
let begun = 0;
let ended = 0;

const executablePath = findChromium() ?? fail('No Chromium found. Install one, or set CHROMIUM_BIN.');
await server.untilUp().catch((error: Error) => fail(error.message));

const blocker = blockerShare > 0 ? await createBlocker().catch((error: Error) => fail(error.message)) : undefined;
const endpoint = await server.endpoint().catch((error: Error) => fail(error.message));
if (blocker) console.log(`Block lists ${blocker.blocks(endpoint) ? 'stop' : 'let through'} ${endpoint}`);

const progress = setInterval(tellProgress, process.stdout.isTTY ? 250 : 5_000);
await Promise.all(Array.from({ length: Math.min(concurrency, visitors) }, takeVisitors));
const crawled = await crawl(server, Math.ceil(visitors / 2)).catch((error: Error) => fail(error.message));
clearInterval(progress);
tellProgress();

const books = await settledBooks().catch((error: Error) => fail(error.message));
const lived = funnelOf(ledger);
const told = books.funnel.map(({ visitors }) => visitors);
console.log(`\n\n${tableOf(books.rows)}\n`);
console.log(
  'did: by hand   told: by page or server   stored: of those, in DuckDB   unheard: stored, but told while a page closed\n',
);
for (const [at, { name }] of books.funnel.entries()) {
  console.log(
    `${name.padEnd(18)} visitors ${String(lived[at]).padStart(4)}   /insights ${String(told[at]).padStart(4)}`,
  );
}
const pages = judgeServed(ledger, books, crawled);
console.log(`\n${pages.lines.join('\n')}`);
const { refusal } = books;
console.log(
  `\n${refusal.visitors} of ${visitors} visitors refused. They did ${refusal.deeds} things; stored of them: ${refusal.stored}.`,
);
if (server.absences > 0) console.log(`The server went away ${server.absences} time(s) meanwhile.`);
console.log(`Look: ${server.url}/insights?run=${run}`);

const faults = [...failures, ...faultsOf(books, { lived, told }), ...pages.faults];
for (const fault of faults) console.error(`FAULT  ${fault}`);
if (faults.length === 0) console.log('0 missing, 0 doubled.');
process.exit(faults.length === 0 ? 0 : 1);

/** One visitor after the other, until none is left. */
async function takeVisitors(): Promise<void> {
  while (begun < visitors) {
    const index = begun++;
    const name = `v${index + 1}`;
    // A generator of its own for each: what one does must not depend on who was faster.
    const random = createRandom(seed * 1_000 + index);
    const character = characterOf(index, name, random);
    // The mark is the browser's own, not emulated by the context: a request that outlives its page has no context.
    const userAgent = `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156 Safari/537.36 ${runMark(run)}${name}`;
    const isGuarded = blocker !== undefined && ((index + seed) * goldenRatio) % 1 < blockerShare;
    const isBlocked = isGuarded && blocker.blocks(endpoint);
    const browser = await chromium.launch({
      executablePath,
      args: [...chromiumArgs, `--user-agent=${userAgent}`],
      ...(isGuarded ? { proxy: { server: blocker.proxy, bypass: '<-loopback>' } } : {}),
    });
    try {
      const context = await contextOf(browser, index);
      if (character.consent === 'refuse') ledger.refused(name);
      if (isBlocked) ledger.blocked(name);
      const tab = await createTab(context, server, ledger, name);
      await inTime(async () => {
        await visit(tab, character, random);
        // Whatever waits in this browser, from pages that were closed or crashed or offline, leaves with this last page.
        await tab.open('/privacy');
        if (!isBlocked && !(await tab.settle())) throw new Error('some events never left');
      });
    } catch (error) {
      failures.push(
        `${name} (${Object.values(character).join(', ')}): ${error instanceof Error ? error.message : error}`,
      );
    } finally {
      await browser.close();
      ended++;
    }
  }
}

/** No visitor stays for ever, whatever a browser may do. */
function inTime(journey: () => Promise<void>): Promise<void> {
  const late = sleep(longestVisitMs, undefined, { ref: false }).then(() => {
    throw new Error(`was still there after ${longestVisitMs / 60_000} minutes`);
  });
  return Promise.race([journey(), late]);
}

/** Phones and desks, and some who ask not to be sold. */
async function contextOf(browser: Browser, index: number): Promise<BrowserContext> {
  const hasGpc = index % 5 === 4;
  const context = await browser.newContext({
    viewport: index % 3 === 2 ? { width: 390, height: 844 } : { width: 1280, height: 800 },
    ...(hasGpc ? { extraHTTPHeaders: { 'Sec-GPC': '1' } } : {}),
  });
  if (hasGpc) {
    await context.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }));
  }
  return context;
}

/** Asks until nothing is missing, or for so long that it must be. */
async function settledBooks(): Promise<Reconciliation & ServedAnswers & { funnel: readonly Step[] }> {
  const visitorOf = ({ userAgent }: Stored): string => userAgent.slice(userAgent.lastIndexOf('.') + 1);
  for (let tries = 0; ; tries++) {
    const { events, ...others } = await server.json<{ events: Stored[]; funnel: Step[] } & ServedAnswers>(
      `/insights/reconcile.json?run=${run}`,
    );
    const books = reconcile(ledger, events, visitorOf);
    if (tries === 10 || books.rows.every(({ missing }) => missing === 0)) return { ...books, ...others };
    await sleep(500);
  }
}

function tellProgress(): void {
  const away = server.absences > 0 ? `, server away ${server.absences}×` : '';
  const line = `visitors ${ended}/${visitors}, events ${ledger.events.size}${away}`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line}   `);
  else console.log(line);
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) fail(`--${name}: expected a whole number from 1 on, got ${text}`);
  return number;
}

function shareOf(name: string, text: string): number {
  const share = Number(text);
  if (!(share >= 0 && share <= 1)) fail(`--${name}: expected a share from 0 to 1, got ${text}`);
  return share;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
