import { attempt } from './attempt.ts';

/** Something the host may want to know: a refused event, a failing collector, a full outbox. Never personal data. */
export interface Diagnostic {
  /** What happened: `invalid`, `no-identity`, `consent`, `plugin-failed`, `send-failed`, `no-storage` … */
  readonly code: string;
  /** Where or why, in a few words: `track: event`, `clicks: TypeError`, `network`. */
  readonly detail: string;
}

/** Where diagnostics go. By default nowhere: a guest does not write to the host's console. */
export type OnDiagnostic = (diagnostic: Diagnostic) => void;

/** Calls the host's listener; neither its exceptions nor what cannot be read in `detail` reach the caller. */
export function report(onDiagnostic: OnDiagnostic | undefined, code: string, ...detail: readonly unknown[]): void {
  attempt(() => onDiagnostic?.({ code, detail: detail.join(': ') }));
}
