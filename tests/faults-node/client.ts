import type { WireEvent, WireRequest } from '../faults/client.ts';

/** Where a client in its process lives. */
export interface Surroundings {
  /** Of its far end, `http://collector.test:4711`: the name resolves unless a row breaks that. */
  readonly origin: string;
  /** Where it may keep files. The next process finds them. */
  readonly folder: string;
}

/** A tracker in its process, set up as its documentation says. */
export interface ServerClient {
  /** Tracks one event with `marker` and `text` in its properties. */
  track(marker: string, text: string): void;
  /** Its own way to end: sends what waits, within its own deadline. */
  shutdown(): Promise<unknown>;
}

/** What a module of `setup/` exports as `create`. */
export type CreateServerClient = (surroundings: Surroundings) => ServerClient;

/** A server's tracker that goes through the rows. */
export interface ServerClientUnderTest {
  readonly name: string;
  readonly version: string;
  /** The module that makes it. */
  readonly setup: URL;
  /** Does it promise to find, in the next process, what this one could not deliver? */
  readonly isDurable: boolean;
  decode(request: WireRequest): readonly WireEvent[];
  /** What its own far end would say. Missing: the real collector answers. */
  answer?(request: WireRequest): Response;
}

/** How a process comes to its end. */
export type End = 'nothing left to do' | 'process.exit(0)' | 'uncaught error' | 'SIGTERM' | 'SIGKILL';

/** What the process is told to do. */
export type Order =
  | { readonly act: 'track'; readonly ids: readonly string[]; readonly sizeBytes: number }
  /** Tracks, and comes to its end so long after; negative: in the very task. */
  | {
      readonly act: 'track-and-end';
      readonly ids: readonly string[];
      readonly sizeBytes: number;
      readonly end: End;
      readonly afterMs: number;
    }
  | { readonly act: 'names'; readonly resolve: boolean }
  | { readonly act: 'clock'; readonly aheadMs: number }
  | { readonly act: 'shutdown' };

/** The write key of ours in these rows. */
export const writeKey = 'secret-of-the-rows';

/** A batch that carries one of these is what the collector, or the row, has something against. */
export const poison = 'poison';
