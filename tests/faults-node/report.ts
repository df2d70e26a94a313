import type { ServerClientUnderTest } from './client.ts';
import type { RowResult } from './run-row.ts';

const columns = [
  '',
  'sent',
  'arrived',
  'after restart',
  'doubled on the wire',
  'doubled in the end',
  'unhandled rejections',
  'remarks',
];

/** How many events should have arrived in the end and did not. */
export function lostIn({ row, sent, afterRestart }: RowResult): number {
  return sent - (row.refused ?? 0) - afterRestart;
}

/** May this client have lost something here? Memory ends with its process. */
export function mayLose({ needsDisk = false }: RowResult['row'], { isDurable }: ServerClientUnderTest): boolean {
  return needsDisk && !isDurable;
}

export const tableHead: string = `${line(columns)}\n${line(columns.map((_, index) => (index === 0 || index === 7 ? '---' : '--:')))}`;

/** One line of the table. */
export function tableRow(result: RowResult): string {
  const { row, sent, arrived, afterRestart, doubledOnTheWire, doubledAfter, rejections, notes } = result;
  const lost = lostIn(result);
  const remarks = [
    ...(lost > 0 ? [`**${lost} lost**`] : []),
    ...(row.refused === undefined ? [] : [`${row.refused} refused by the far end`]),
    ...notes,
  ].join('; ');
  return line([row.name, sent, arrived, afterRestart, doubledOnTheWire, doubledAfter, rejections, remarks].map(String));
}

/** All rows in one sentence. */
export function summary(results: readonly RowResult[]): string {
  const sum = (count: (result: RowResult) => number): number =>
    results.reduce((total, result) => total + count(result), 0);
  return (
    `${results.length} rows: ${sum(({ sent }) => sent)} events sent, ` +
    `${sum(lostIn)} lost in ${results.filter((result) => lostIn(result) > 0).length} rows, ` +
    `${sum(({ doubledOnTheWire }) => doubledOnTheWire)} doubled on the wire, ` +
    `${sum(({ doubledAfter }) => doubledAfter)} in the end, ${sum(({ rejections }) => rejections)} unhandled rejections.`
  );
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
