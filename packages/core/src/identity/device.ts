import type { ConsentPreferences } from '../event/event.ts';

/** A visit: until 30 minutes without activity, or 24 hours. */
export interface Session {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Epoch milliseconds. */
  readonly lastSeenAt: number;
}

/** What a device remembers of its person, all of it, in one small cookie that both sides can read. */
export interface Device {
  /** The person's decision. Remembering it is necessary; everything below needs it to be a yes. */
  readonly consent?: { readonly preferences: ConsentPreferences; readonly decidedAt: number };
  readonly anonymousId?: string;
  readonly userId?: string;
  readonly session?: Session;
}

/** Where a device remembers. Neither call throws. */
export interface DeviceStore {
  load(): Device | undefined;
  save(device: Device): void;
}

/** The cookie's name: short, and nobody else's. */
export const deviceCookieName: string = 'jn';

const format = '1';
const letters = { functional: 'f', analytics: 'a', advertising: 'd' } as const;
const categories = Object.keys(letters) as (keyof typeof letters)[];
const idPattern = /^[\w-]{8,64}$/;

/**
 * Cookie-safe text: format, consent, decision time, anonymous id, user id, session, divided by `|`.
 * Consent is a letter for each decided category, capital for yes; numbers are in base 36.
 */
export function formatDevice({ consent, anonymousId = '', userId = '', session }: Device): string {
  const answers = categories.map((category) => {
    const answer = consent?.preferences[category];
    return answer === undefined ? '' : answer ? letters[category].toUpperCase() : letters[category];
  });
  const visit = session && [session.id, session.startedAt.toString(36), session.lastSeenAt.toString(36)].join('.');
  const decidedAt = consent?.decidedAt.toString(36) ?? '';
  return [format, answers.join(''), decidedAt, anonymousId, encodeURIComponent(userId), visit ?? ''].join('|');
}

/** Reads what `formatDevice` wrote. A cookie is anybody's to edit: what does not look right is left out. */
export function parseDevice(text: string): Device | undefined {
  const [version, answers = '', decided = '', anonymousId = '', user = '', visit = ''] = text.split('|');
  if (version !== format) return undefined;
  const preferences = Object.fromEntries(
    categories.flatMap((category) => {
      const letter = letters[category];
      if (answers.includes(letter.toUpperCase())) return [[category, true]];
      return answers.includes(letter) ? [[category, false]] : [];
    }),
  );
  const decidedAt = epochMs(decided);
  const [id = '', started = '', seen = ''] = visit.split('.');
  const startedAt = epochMs(started);
  const lastSeenAt = epochMs(seen);
  const userId = decode(user);
  return {
    ...(decidedAt === undefined ? {} : { consent: { preferences, decidedAt } }),
    ...(idPattern.test(anonymousId) ? { anonymousId } : {}),
    ...(userId ? { userId } : {}),
    ...(idPattern.test(id) && startedAt !== undefined && lastSeenAt !== undefined
      ? { session: { id, startedAt, lastSeenAt } }
      : {}),
  };
}

function epochMs(base36: string): number | undefined {
  const ms = Number.parseInt(base36, 36);
  return ms > 0 && ms < 1e14 ? ms : undefined;
}

function decode(text: string): string | undefined {
  try {
    return text.length > 1_000 ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
