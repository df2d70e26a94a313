import type { Scene } from './scene.ts';

/** One thing that happens to a process that tracks. The next process, with no fault in place, is the same for all. */
export interface Row {
  readonly name: string;
  /** What is done, in one line. */
  readonly what: string;
  /** The process ends before it could deliver: what is only in its memory is gone with it. */
  readonly needsDisk?: boolean;
  /** Events that the far end is right not to keep. */
  readonly refused?: number;
  /** How long everything may take to arrive before the client is told to shut down, milliseconds. */
  readonly patienceMs?: number;
  run(scene: Scene): Promise<void>;
}
