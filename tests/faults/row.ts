import type { ProfileOptions } from './engine.ts';
import type { Scene } from './scene.ts';

/** One thing that happens to a visit. The return visit that follows is the same for all. */
export interface Row {
  readonly name: string;
  /** What is done, in one line. */
  readonly what: string;
  /** What must have arrived after the return visit. Default `all`. `either`: that is the application's decision, or out of its hands. */
  readonly expected?: 'all' | 'none' | 'either';
  /** How long the first visit lasts at most when something is still missing, milliseconds. */
  readonly firstVisitMs?: number;
  readonly profile?: ProfileOptions;
  /** The first visit. Faults it leaves in place are gone at the return visit. */
  run(scene: Scene): Promise<void>;
}
