import type { ConsentCategory, ConsentPreferences } from '../event/event.ts';

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
  readonly decidedAt?: number;
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
  readonly model?: ConsentModel;
  /** A decision made earlier, from the device or from the host's consent platform. */
  readonly initial?: ConsentPreferences;
  readonly decidedAt?: number;
  /** Global Privacy Control: denies `advertising` whatever else was said. */
  readonly gpc?: boolean;
  readonly now: () => number;
}

/** May an event of `purpose` be recorded under these answers? */
export function decideConsent(
  purpose: ConsentCategory,
  preferences: ConsentPreferences,
  model: ConsentModel,
): ConsentDecision {
  if (purpose === 'necessary') return 'granted';
  const answer = preferences[purpose];
  if (answer === undefined) return model === 'opt-out' ? 'granted' : 'pending';
  return answer ? 'granted' : 'denied';
}

/** Keeps the person's choice and tells those who listen. */
export function createConsent({ model = 'opt-in', initial = {}, decidedAt, gpc = false, now }: ConsentOptions): Consent {
  const withSignals = (preferences: ConsentPreferences): ConsentPreferences =>
    gpc ? { ...preferences, advertising: false } : preferences;
  const listeners = new Set<(state: ConsentState) => void>();
  let state: ConsentState = {
    preferences: withSignals(initial),
    gpc,
    ...(decidedAt === undefined ? {} : { decidedAt }),
  };

  return {
    get: () => state,
    set(preferences) {
      state = { preferences: withSignals({ ...state.preferences, ...preferences }), gpc, decidedAt: now() };
      for (const listener of listeners) listener(state);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    decide: (purpose) => decideConsent(purpose, state.preferences, model),
  };
}
