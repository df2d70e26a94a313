import type { Cell } from './event-row.ts';

export type EventRow = readonly Cell[];

/** How events are written into a file, and taken out of one. */
export interface FileFormat {
  /** What its files' names end with. */
  readonly ending: string;
  /** Makes a whole file of the rows. */
  write(rows: readonly EventRow[], path: string): Promise<void>;
  /** On which devices somebody was known, by this file; a device may be named by the id that its browser has for itself. */
  devicesOf(
    person: { readonly user: string | null; readonly device: string | null },
    path: string,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** On which of somebody's devices this file knows others, too. */
  sharedDevices(
    person: Person & { readonly user: string },
    path: string,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** The events of somebody in this file, with the warehouses' columns. */
  rowsOf(person: Person, path: string, signal: AbortSignal): Promise<readonly { readonly message_id?: unknown }[]>;
  /**
   * Copies a file without the rows of somebody.
   *
   * @returns how many rows were that person's, and how many stay: where either is 0 nothing needs to be at `to`
   */
  copyWithout(person: Person, from: string, to: string, signal: AbortSignal): Promise<Sorted>;
  close(): Promise<void>;
}

/**
 * Whose events, by the rule of the log (log/person.ts): their own events, and on every device on which they were known
 * those of nobody in particular. What somebody else did on it, as themselves, stays.
 */
export interface Person {
  readonly user: string | null;
  readonly devices: readonly string[];
}

export interface Sorted {
  readonly theirs: number;
  readonly others: number;
}
