import { setTimeout as pause } from 'node:timers/promises';
import { CannotRun, type Profile } from '../faults/engine.ts';
import { until } from '../faults/until.ts';
import { differences, type Row } from './row.ts';
import { createSite } from './site.ts';
import { silence } from './tone.ts';
import { createVisitor } from './visitor.ts';

/** What became of a row: as it should be, what is wrong, or why it cannot be had here. */
export type RowResult = { readonly kind: 'right' } | { readonly kind: 'wrong' | 'impossible'; readonly why: string };

/** Events that will come have come by then: in Firefox, a request that was under way when a page was put aside ends by its timeout only. */
const patienceMs = 25_000;
/** So long after what was expected, nothing else is to come. */
const afterwardsMs = 700;

const picture =
  '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="450"><rect width="800" height="450"/></svg>';

const files = {
  '/picture.svg': { type: 'image/svg+xml', content: picture },
  '/sound.wav': { type: 'audio/wav', content: silence(6) },
  '/files/report.pdf': { type: 'application/pdf', content: '%PDF-1.4' },
};

/** Runs a row in a tab of `profile`, on a site of its own. */
export async function runRow(row: Row, engine: string, profile: Profile): Promise<RowResult> {
  const limit = row.limits?.[engine];
  const untried = row.untried?.[engine];
  if (untried !== undefined) return { kind: 'impossible', why: untried };
  const site = await createSite({ files, ...(row.tracker && { tracker: row.tracker }) });
  const page = await profile.newPage();
  const found = (): readonly string[] => differences(row, site.events);
  try {
    await row.visit(createVisitor(site, page));
    // What is over needs no timer to leave.
    await page.evaluate(() => void window.tracker?.flush()).catch(() => {});
    await until(() => found().length === 0, patienceMs);
    await pause(afterwardsMs);
    const wrong = found();
    if (wrong.length === 0) return { kind: 'right' };
    return limit === undefined ? { kind: 'wrong', why: wrong.join('; ') } : { kind: 'impossible', why: limit };
  } catch (error) {
    if (error instanceof CannotRun) return { kind: 'impossible', why: error.message };
    return limit === undefined
      ? { kind: 'wrong', why: String(error).split('\n')[0] ?? '' }
      : { kind: 'impossible', why: limit };
  } finally {
    await page.close().catch(() => {});
    await site.close();
  }
}
