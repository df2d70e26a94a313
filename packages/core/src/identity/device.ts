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
  readonly consent?: { readonly preferences: ConsentPreferences; readonly decidedAt: number } | undefined;
  readonly anonymousId?: string | undefined;
  readonly userId?: string | undefined;
  readonly session?: Session | undefined;
}

/** Where a device remembers. Neither call throws. */
export interface DeviceStore {
  load(): Device | undefined;
  save(device: Device): void;
}

/** The cookie's name: short, and nobody else's. */
export const deviceCookieName: string = 'jn';

/** Marks the format, so that a later one can tell. */
const format = '1';

/** Cookie-safe text: a query string of format, consent (`analytics.-advertising`), its time, and the ids. */
export function formatDevice({ consent, anonymousId = '', userId = '', session }: Device): string {
  const answers = Object.entries(consent?.preferences ?? {}).map(([category, isYes]) => (isYes ? '' : '-') + category);
  const visit = session ? [session.id, session.startedAt, session.lastSeenAt] : [];
  const [v, c, t, s] = [format, answers.join('.'), `${consent?.decidedAt ?? ''}`, visit.join('.')];
  return `${new URLSearchParams({ v, c, t, a: anonymousId, u: userId, s })}`;
}

/** Reads what `formatDevice` wrote. A cookie is anybody's to edit: what does not look right is left out. */
export function parseDevice(text: string): Device | undefined {
  const fields = new URLSearchParams(text);
  const part = (key: string): string => fields.get(key)?.slice(0, 256) ?? '';
  /** Any id of ours, and nothing that needs escaping anywhere. */
  const idOf = (field: string | undefined): string | undefined => field?.match(/^[\w-]{8,64}$/)?.[0];
  if (part('v') !== format) return undefined;
  const decidedAt = Number(part('t'));
  const preferences: Record<string, boolean> = {};
  for (const [, no, category = ''] of part('c').matchAll(/(-?)\b(functional|analytics|advertising)\b/g))
    preferences[category] = !no;
  const [visit, started, seen] = part('s').split('.');
  const [id, startedAt, lastSeenAt] = [idOf(visit), Number(started), Number(seen)];
  return {
    consent: decidedAt > 0 ? { preferences, decidedAt } : undefined,
    anonymousId: idOf(part('a')),
    userId: part('u') || undefined,
    session: id && startedAt > 0 && lastSeenAt > 0 ? { id, startedAt, lastSeenAt } : undefined,
  };
}
