/** Where in which file something happened. Lines and columns count from 1. */
export interface StackFrame {
  /** A URL, without query and fragment. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The innermost place in a file that the text of a stack tells, in the words of Chromium (`at add (file:1:2)`) or of
 * Firefox and Safari (`add@file:1:2`). Undefined if it tells none.
 */
export function topFrame(stack: unknown): StackFrame | undefined {
  for (const line of String(stack).slice(0, 10_000).split('\n')) {
    // Only lines of a frame: the message above them may hold a URL too.
    const place = /^\s*at /.test(line) ? line : /^[^\s@]*@(.*)/.exec(line)?.[1];
    const [, file, row, column] = /([a-z][a-z\d+.-]{1,30}:\/\/[^\s()]*?):(\d+):(\d+)\)?$/i.exec(place ?? '') ?? [];
    if (file) return { file: withoutQuery(file), line: Number(row), column: Number(column) };
  }
  return undefined;
}

export const withoutQuery = (url: string): string => url.replace(/[?#].*/s, '');
