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
  say(jsonText(value));
}

/**
 * JSON for files and terminals alike: it has the older control characters as escapes anyhow, and the newer ones, which
 * terminals obey too, would be as they are.
 *
 * @param indent - spaces; none for machines
 */
export function jsonText(value: unknown, indent = 0): string {
  const escaped = (control: string): string => `\\u00${control.charCodeAt(0).toString(16)}`;
  return JSON.stringify(value, null, indent).replaceAll(/[\u007f-\u009f]/g, escaped);
}

/** Columns below each other; control characters of others' texts stay out of the terminal. */
export function sayTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [header, ...rows].map((row) => row.map(printable));
  const widths = header.map((_, column) =>
    lines.reduce((widest, row) => Math.max(widest, (row[column] ?? '').length), 0),
  );
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

/** Long work, with a bar for people that says how far it is; nothing where nobody watches. */
export async function withProgress<T>(
  title: string,
  total: number,
  work: (advance: (by: number) => void) => Promise<T>,
): Promise<T> {
  if (!process.stderr.isTTY) return work(() => {});
  const format = `${title} {bar} {percentage} %  {eta_formatted} left`;
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.shades_classic);
  // A bar takes the terminal's cursor and its wrapping of lines, and its timer holds the process: however this ends, it ends.
  const onSignal = (signal: NodeJS.Signals): void => {
    end();
    process.kill(process.pid, signal);
  };
  const end = (): void => {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    bar.stop();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  bar.start(Math.max(1, total), 0);
  try {
    return await work((by) => bar.increment(by));
  } finally {
    end();
  }
}
