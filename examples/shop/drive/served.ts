import type { Ledger } from './ledger.ts';

/** What `/insights` says of the pages that were served. */
export interface BlockedRow {
  readonly confirmed: number;
  readonly declined: number;
  readonly bot: number;
  readonly unconfirmed: number;
  readonly expected: number;
  readonly percent: number | null;
  readonly percent_low: number | null;
  readonly percent_high: number | null;
}

/** A page that was served, and what became of it, as the warehouse has it. */
export interface ServedRow {
  readonly id: string;
  readonly state: string;
}

/** An order, as both sides told of it. */
export interface ReceiptRow {
  readonly orderId: string;
  readonly toldBy: string;
  readonly serverTimes: number;
}

export interface ServedAnswers {
  readonly blocked: readonly BlockedRow[];
  readonly served: readonly ServedRow[];
  readonly receipts: readonly ReceiptRow[];
}

/** How far the measured share may be from the one that was lived, points of percent. */
const tolerance = 3;

const percentOf = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);
const shown = (percent: number | null): string => (percent === null ? 'none' : `${percent.toFixed(1)} %`);

/** What was lived beside what was measured, in words, and what is wrong with it. Pure. */
export function judgeServed(
  ledger: Ledger,
  { blocked, served, receipts }: ServedAnswers,
  crawled: number,
): { readonly lines: readonly string[]; readonly faults: readonly string[] } {
  const [told] = blocked;
  if (!told) return { lines: [], faults: ['/insights knows of no page that was served'] };
  const pages = [...ledger.pages].map(([id, page]) => ({ id, ...page, isBlocked: ledger.blockers.has(page.visitor) }));
  const expected = pages.filter(({ isExpected }) => isExpected);
  const swallowed = expected.filter(({ isBlocked }) => isBlocked);
  const lived = percentOf(swallowed.length, expected.length);
  const measured = told.percent ?? 0;

  const stateOf = new Map(served.map(({ id, state }) => [id, state]));
  const odd = pages.filter(({ id, visitor, isExpected, isBlocked }) => {
    if (isExpected) return stateOf.get(id) !== (isBlocked ? 'unconfirmed' : 'confirmed');
    return ledger.refusers.has(visitor) && stateOf.get(id) !== 'declined';
  });
  const oddTimes = new Map<string, number>();
  for (const { id, isBlocked } of odd) {
    const what = `${isBlocked ? 'with' : 'without'} a blocker, ${stateOf.get(id) ?? 'not told by the server'}`;
    oddTimes.set(what, (oddTimes.get(what) ?? 0) + 1);
  }

  const orders = ordersOf(ledger, receipts);
  return {
    lines: [
      `pages served      confirmed ${told.confirmed}   declined ${told.declined}   bots ${told.bot}   unconfirmed ${told.unconfirmed}`,
      `with a yes        lived ${expected.length}, of which blockers swallowed ${swallowed.length}: ${shown(lived)}`,
      `                  /insights ${told.expected}: at most ${shown(told.percent)}, 95 % between ${shown(told.percent_low)} and ${shown(told.percent_high)}`,
      ...[...oddTimes].map(([what, times]) => `                  not as it was lived: ${times} ${what}`),
      `orders            placed ${orders.placed}   told by both ${orders.both}   by the server alone ${orders.serverOnly}`,
    ],
    faults: [
      ...(Math.abs(lived - measured) > tolerance
        ? [`the blocked share is ${shown(measured)}, not ${shown(lived)}`]
        : []),
      ...(told.bot === crawled ? [] : [`${told.bot} pages went to bots, not ${crawled}`]),
      ...orders.faults,
    ],
  };
}

/** Each order of everybody who may be counted: once, told by both sides unless a blocker stood between. */
function ordersOf(ledger: Ledger, receipts: readonly ReceiptRow[]) {
  const placed = [...ledger.orders].filter(([, visitor]) => !ledger.refusers.has(visitor));
  const byId = new Map(receipts.map((receipt) => [receipt.orderId, receipt]));
  const faults = placed.flatMap(([orderId, visitor]) => {
    const receipt = byId.get(orderId);
    const sides = ledger.blockers.has(visitor) ? 'server only' : 'both';
    if (receipt === undefined) return [`order ${orderId} is not counted`];
    if (receipt.serverTimes !== 1) return [`order ${orderId} is counted ${receipt.serverTimes} times`];
    return receipt.toldBy === sides ? [] : [`order ${orderId} is told by ${receipt.toldBy}, not ${sides}`];
  });
  const strangers = receipts.filter(({ orderId }) => !placed.some(([own]) => own === orderId));
  const toldBy = (sides: string): number => receipts.filter((receipt) => receipt.toldBy === sides).length;
  return {
    placed: placed.length,
    both: toldBy('both'),
    serverOnly: toldBy('server only'),
    faults: [...faults, ...strangers.map(({ orderId }) => `order ${orderId} was placed by nobody who may be counted`)],
  };
}
