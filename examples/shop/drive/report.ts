import type { EventRow, Reconciliation } from './reconcile.ts';

const columns = ['did', 'told', 'stored', 'missing', 'doubled', 'unheard'] as const;

/** The books as a table, one line per kind of event and one for all. */
export function tableOf(rows: readonly EventRow[]): string {
  const total = Object.fromEntries(columns.map((column) => [column, sum(rows.map((row) => row[column] ?? 0))]));
  const lines = [
    ['event', ...columns],
    ...rows.map((row) => [row.event, ...columns.map((column) => String(row[column] ?? '·'))]),
    ['total', ...columns.map((column) => String(total[column]))],
  ];
  const widths = ['event', ...columns].map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const text = lines.map((line) =>
    line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
  );
  const rule = '-'.repeat(text[0]?.length ?? 0);
  return [text[0], rule, ...text.slice(1, -1), rule, text.at(-1)].join('\n');
}

/** Why the run fails, in words; empty if all is well. */
export function faultsOf(
  { rows, lost, letThrough, refusal }: Reconciliation,
  funnel: { readonly lived: readonly number[]; readonly told: readonly number[] },
): readonly string[] {
  const missing = sum(rows.map((row) => row.missing));
  const doubled = sum(rows.map((row) => row.doubled));
  return [
    ...(missing > 0 ? [`${missing} missing`] : []),
    ...lost
      .slice(0, 10)
      .map(({ messageId, event, visitor, page }) => `lost: ${event} of ${visitor} on ${page} (${messageId})`),
    ...(doubled > 0 ? [`${doubled} doubled`] : []),
    ...(letThrough > 0 ? [`${letThrough} events past a blocker`] : []),
    ...(refusal.stored > 0 ? [`${refusal.stored} events of visitors who refused`] : []),
    ...(funnel.lived.join() === funnel.told.join() ? [] : ['the funnel of /insights is not what the visitors did']),
  ];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
