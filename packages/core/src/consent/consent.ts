import type { ConsentCategory, ConsentPreferences, Decision } from '../event/event.ts';
import { attempt } from '../runtime/attempt.ts';

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
  /** Records a choice. Categories left out, or undefined, keep their answer. */
  set(preferences: ConsentPreferences): void;
  /** Hears every change. Returns a function that stops it. */
  onChange(listener: (state: ConsentState) => void): () => void;
  /** May events of this purpose be recorded now? Undefined while nobody has decided: they wait in memory, and only there. */
  allows(purpose: ConsentCategory): boolean | undefined;
}

/** Where a device remembers what its person decided. Does not throw. */
export interface ConsentStore {
  load(): { readonly consent?: Decision | undefined } | null | undefined;
}

export interface ConsentOptions {
  /** What it means that nobody has decided: a yes, a no, or by default neither: events wait. */
  readonly undecided?: boolean | undefined;
  /** What the host's consent platform says, for a device that remembers no decision. */
  readonly initial?: ConsentPreferences | undefined;
  /**
   * Has the decision this device remembers. Asked again at each choice: another tab may have heard the person since, and
   * what was said there stands where this choice says nothing.
   */
  readonly store?: ConsentStore | undefined;
  /** Global Privacy Control: denies `advertising` whatever else was said. */
  readonly gpc: boolean;
  readonly now: () => number;
}

/** May an event of `purpose` be recorded under these answers? `undecided` where there is none for it. */
export function isAllowed<Undecided extends boolean | undefined>(
  purpose: ConsentCategory,
  preferences: ConsentPreferences,
  undecided: Undecided,
): boolean | Undecided {
  const answer = purpose === 'necessary' || preferences[purpose];
  return answer === undefined ? undecided : answer === true;
}

/** Keeps the person's choice and tells those who listen. */
export function createConsent({ undecided, initial, store, gpc, now }: ConsentOptions): Consent {
  const listeners = new Set<(state: ConsentState) => void>();
  const signals = gpc && { advertising: false };
  const { 0: preferences = initial, 1: decidedAt } = store?.load()?.consent ?? [];
  let state: ConsentState = { preferences: { ...preferences, ...signals }, gpc, decidedAt };

  return {
    get: () => state,
    set(choice) {
      const { 0: said, 1: saidAt } = store?.load()?.consent ?? [];
      state = {
        preferences: {
          ...state.preferences,
          // If it is older, nothing can be stored any more: the last word is here.
          ...(!((saidAt as number) <= (state.decidedAt as number)) && said),
          // JSON leaves out what is undefined: that answers nothing.
          ...attempt(
            () => JSON.parse(JSON.stringify(choice)) as ConsentPreferences,
            () => choice,
          ),
          ...signals,
        },
        gpc,
        decidedAt: now(),
      };
      for (const listener of listeners) attempt(() => listener(state));
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    allows: (purpose) => isAllowed(purpose, state.preferences, undecided),
  };
}
