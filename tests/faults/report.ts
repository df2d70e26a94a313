import type { RowResult } from './run-row.ts';

const columns = ['', 'sent', 'first visit', 'after return', 'doubled on the wire', 'doubled in the end', 'remarks'];

/** How many events a row should have brought and did not. */
export function lostIn({ row, sent, afterReturn }: RowResult): number {
  return (row.expected ?? 'all') === 'all' ? sent - afterReturn : 0;
}

/** How many events arrived that should not have. */
export function leakedIn({ row, afterReturn }: RowResult): number {
  return row.expected === 'none' ? afterReturn : 0;
}

export const tableHead: string = `${line(columns)}\n${line(columns.map((_, index) => (index === 0 || index === 6 ? '---' : '--:')))}`;

/** One line of the table. */
export function tableRow(result: RowResult): string {
  const { row, skipped, sent, firstVisit, afterReturn, doubledOnTheWire, doubledAfter, notes } = result;
  if (skipped !== undefined) return line([row.name, '', '', '', '', '', `skipped: ${skipped}`]);
  const lost = lostIn(result);
  const leaked = leakedIn(result);
  const verdict = [
    ...(lost > 0 ? [`**${lost} lost**`] : []),
    ...(leaked > 0 ? [`**${leaked} left without consent**`] : []),
    ...(row.expected === 'none' && leaked === 0 ? ['none may arrive'] : []),
    ...(row.expected === 'either' ? ['either is right'] : []),
    ...notes,
  ].join('; ');
  return line([row.name, sent, firstVisit, afterReturn, doubledOnTheWire, doubledAfter, verdict].map(String));
}

/** All rows in one sentence. */
export function summary(results: readonly RowResult[]): string {
  const ran = results.filter(({ skipped }) => skipped === undefined);
  const sum = (count: (result: RowResult) => number): number => ran.reduce((total, result) => total + count(result), 0);
  return (
    `${ran.length} rows, ${results.length - ran.length} skipped: ${sum(({ sent }) => sent)} events sent, ` +
    `${sum(lostIn)} lost in ${ran.filter((result) => lostIn(result) > 0).length} rows, ` +
    `${sum(({ doubledOnTheWire }) => doubledOnTheWire)} doubled on the wire, ` +
    `${sum(({ doubledAfter }) => doubledAfter)} in the end, ${sum(leakedIn)} without consent.`
  );
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
