import { Presets, SingleBar } from 'cli-progress';

/** For machines and for people: what was asked for goes to the output, all else beside it. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What is not the answer: hints, progress, how it ended. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function sayJson(value: unknown): void {
  say(JSON.stringify(value));
}

/** Columns below each other; control characters of others' texts stay out of the terminal. */
export function sayTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [header, ...rows].map((row) => row.map(printable));
  const widths = header.map((_, column) => Math.max(...lines.map((row) => (row[column] ?? '').length)));
  for (const row of lines) {
    say(row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '));
  }
}

/** Somebody else's text on one line of the terminal: no escape sequences, no line breaks. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '�');
}

export function timeOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** How far long work is. */
export interface Progress {
  advance(by: number): void;
  end(): void;
}

/** A bar for people; nothing where nobody watches. */
export function createProgress(title: string, total: number): Progress {
  if (!process.stderr.isTTY) return { advance() {}, end() {} };
  const format = `${title} {bar} {percentage} %  {eta_formatted} left`;
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.shades_classic);
  bar.start(Math.max(1, total), 0);
  return {
    advance: (by) => bar.increment(by),
    end: () => bar.stop(),
  };
}
