/** Something the host may want to know: a refused event, a failing collector, a full outbox. Never personal data. */
export interface Diagnostic {
  /** Stable, for machines: `event-invalid`, `event-sanitized`, `plugin-failed`, `send-failed` … */
  readonly code: string;
  /** For people: what happened, where, and what was expected. */
  readonly message: string;
}

/** Where diagnostics go. By default nowhere: a guest does not write to the host's console. */
export type OnDiagnostic = (diagnostic: Diagnostic) => void;

/** Calls the host's listener and keeps its exceptions away from the caller. */
export function report(onDiagnostic: OnDiagnostic | undefined, code: string, message: string): void {
  try {
    onDiagnostic?.({ code, message });
  } catch {
    // A listener that throws is the host's own bug; delivery goes on.
  }
}
