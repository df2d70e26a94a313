import type { DeliveryOutcome } from '@org/track-core';

/** What is to become of a file that was looked at. */
export type Rewritten =
  | { readonly kind: 'unchanged' | 'gone' }
  | {
      readonly kind: 'changed';
      /** What is to be there instead: a path on this machine, gone afterwards. */
      readonly draft: string;
    };

/** A folder of files, wherever it is. Names are paths in it, with slashes. A file is there whole, or not at all. */
export interface FileStore {
  /** Takes away drafts of processes that were killed. Rejects if it is clear already that nothing can be written. */
  open(): Promise<void>;
  /** A path on this machine, of which nobody knows, where a file can be made. */
  draft(): Promise<string>;
  /** Puts what was made into its place. The same name a second time is the same file. */
  put(name: string, draft: string, signal: AbortSignal): Promise<void>;
  list(signal: AbortSignal): AsyncIterable<string>;
  /** Shows a file as one on this machine, and does with it as `look` says. Resolves with whether it is another now, or gone. */
  rewrite(name: string, look: (path: string) => Promise<Rewritten>, signal: AbortSignal): Promise<boolean>;
  /** Forgets a draft that has become nothing. */
  discard(draft: string): Promise<void>;
  close(): Promise<void>;
}

/** What went wrong, in the words of deliveries. It holds no secret. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly outcome: Exclude<DeliveryOutcome, { kind: 'delivered' }>;
  constructor(outcome: StoreError['outcome'], cause?: unknown) {
    super('reason' in outcome ? outcome.reason : outcome.kind, { cause });
    this.outcome = outcome;
  }
}
