/** One thing that was looked at. */
export interface Finding {
  /** What it is about, in a word: `config`, `keys`, `log` … */
  readonly about: string;
  /** `fail`: it does not work, or loses something. `warn`: it will, or tells more than it should. */
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do. */
  readonly advice?: string;
}

/** Findings about one thing. */
export interface Findings {
  ok(message: string): Finding;
  warn(message: string, advice: string): Finding;
  fail(message: string, advice: string): Finding;
}

export function findingsAbout(about: string): Findings {
  return {
    ok: (message) => ({ about, level: 'ok', message }),
    warn: (message, advice) => ({ about, level: 'warn', message, advice }),
    fail: (message, advice) => ({ about, level: 'fail', message, advice }),
  };
}
