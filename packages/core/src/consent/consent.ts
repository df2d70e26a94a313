import type { ConsentCategory, ConsentPreferences } from '../event/event.ts';
import { attempt } from '../runtime/attempt.ts';

/** `opt-in`: undecided means wait. `opt-out`: undecided means yes. */
export type ConsentModel = 'opt-in' | 'opt-out';

/** May an event of this purpose be recorded? `pending` events wait in memory, and only there. */
export type ConsentDecision = 'granted' | 'denied' | 'pending';

export interface ConsentState {
  /** Only what was decided, with signals applied: under Global Privacy Control `advertising` is false. */
  readonly preferences: ConsentPreferences;
  /** Global Privacy Control is on for this visitor. */
  readonly gpc: boolean;
  /** When the person decided, epoch milliseconds; absent while only defaults apply. */
  readonly decidedAt?: number | undefined;
}

/** The person's choice, as a page's banner sees it. */
export interface Consent {
  get(): ConsentState;
  /** Records a choice. Categories left out keep their answer. */
  set(preferences: ConsentPreferences): void;
  /** Hears every change. Returns a function that stops it. */
  onChange(listener: (state: ConsentState) => void): () => void;
  /** May events of this purpose be recorded now? */
  decide(purpose: ConsentCategory): ConsentDecision;
}

export interface ConsentOptions {
  /** Default `opt-in`: nothing is stored or sent before a yes. */
  readonly model?: ConsentModel | undefined;
  /** A decision made earlier, from the device or from the host's consent platform. */
  readonly initial?: ConsentPreferences | undefined;
  readonly decidedAt?: number | undefined;
  /** Global Privacy Control: denies `advertising` whatever else was said. */
  readonly gpc?: boolean;
  readonly now: () => number;
}

/** May an event of `purpose` be recorded under these answers? */
export function decideConsent(
  purpose: ConsentCategory,
  preferences: ConsentPreferences,
  model: ConsentModel = 'opt-in',
): ConsentDecision {
  const answer = purpose === 'necessary' || preferences[purpose];
  if (answer === undefined) return model === 'opt-out' ? 'granted' : 'pending';
  return answer === true ? 'granted' : 'denied';
}

/** Keeps the person's choice and tells those who listen. */
export function createConsent({ model, initial, decidedAt, gpc = false, now }: ConsentOptions): Consent {
  const listeners = new Set<(state: ConsentState) => void>();
  let state: ConsentState = { preferences: {}, gpc };

  function change(preferences: ConsentPreferences | undefined, at: number | undefined): void {
    const denied = gpc && { advertising: false };
    state = { preferences: { ...state.preferences, ...preferences, ...denied }, gpc, decidedAt: at };
    for (const listener of listeners) attempt(() => listener(state));
  }
  change(initial, decidedAt);

  return {
    get: () => state,
    set: (preferences) => change(preferences, now()),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    decide: (purpose) => decideConsent(purpose, state.preferences, model),
  };
}
