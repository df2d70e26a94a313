import type { Column, Measure } from './measure.ts';

/** What a tracker's line says: its figures, or why there are none. */
export type Line = readonly number[] | string;

/** One Markdown table; the first line is what the others are compared with. */
export function tableOf({ title, meaning, columns }: Measure, lines: ReadonlyMap<string, Line>): string {
  const [ours] = lines.values();
  return [
    `## ${title}`,
    '',
    meaning,
    '',
    row(['', ...columns.map(({ name }) => name)]),
    row(['---', ...columns.map(() => '--:')]),
    ...[...lines].map(([name, line]) => row([name, ...cellsOf(columns, line, ours)])),
  ].join('\n');
}

function cellsOf(columns: readonly Column[], line: Line, ours: Line | undefined): readonly string[] {
  if (typeof line === 'string') return columns.map((_, index) => (index === 0 ? line : ''));
  return columns.map(({ digits = 0, isCompared }, index) => {
    const figure = line[index] ?? Number.NaN;
    const text = figure.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
    const base = typeof ours === 'object' && ours !== line ? (ours[index] ?? 0) : 0;
    return isCompared && base > 0 ? `${text} (${timesText(figure / base)})` : text;
  });
}

const timesText = (times: number): string => `${times.toFixed(times < 10 ? 1 : 0)}×`;

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
