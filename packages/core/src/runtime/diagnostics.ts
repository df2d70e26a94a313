/** Something the host may want to know: a refused event, a failing collector, a full outbox. Never personal data. */
export interface Diagnostic {
  /** What happened: `invalid`, `no-identity`, `consent`, `plugin-failed`, `send-failed`, `storage-unavailable` … */
  readonly code: string;
  /** Where or why, in a few words: `track: event`, `clicks: TypeError`, `network`. */
  readonly detail: string;
}

/** Where diagnostics go. By default nowhere: a guest does not write to the host's console. */
export type OnDiagnostic = (diagnostic: Diagnostic) => void;

/** Calls the host's listener and keeps its exceptions away from the caller. */
export function report(onDiagnostic: OnDiagnostic | undefined, code: string, detail = ''): void {
  try {
    onDiagnostic?.({ code, detail });
  } catch {
    // A listener that throws is the host's own bug; delivery goes on.
  }
}
