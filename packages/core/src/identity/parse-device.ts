import { attempt } from '../runtime/attempt.ts';
import { type Device, readDevice } from './device.ts';

const categories = ['functional', 'analytics', 'advertising'] as const;

/** Longest user id that is believed; what is longer is cut. */
const maxUserIdLength = 256;

/** Any id of ours, and nothing that needs escaping anywhere. */
const idOf = (id: unknown): string | undefined => (typeof id === 'string' && /^[\w-]{8,64}$/.test(id) ? id : undefined);

/** A moment that a `Date` can name. */
const isTime = (at: unknown): at is number => typeof at === 'number' && at > 0 && at <= 8.64e15;

/**
 * Reads what `formatDevice` wrote, for a server: a cookie is anybody's to edit, and what does not look right is left
 * out. Undefined if it is not ours at all.
 */
export function parseDevice(text: string): Device | undefined {
  const device = attempt(() => readDevice(text));
  if (!device) return undefined;
  const { consent, session, userId } = device;
  const said = Object.entries(consent?.preferences ?? {});
  const preferences = Object.fromEntries(
    said.filter(
      ([category, answer]) => (categories as readonly string[]).includes(category) && typeof answer === 'boolean',
    ),
  );
  const id = idOf(session?.id);
  return {
    consent: isTime(consent?.decidedAt) ? { preferences, decidedAt: consent.decidedAt } : undefined,
    anonymousId: idOf(device.anonymousId),
    userId: (typeof userId === 'string' && userId.slice(0, maxUserIdLength)) || undefined,
    session:
      id && isTime(session?.startedAt) && isTime(session.lastSeenAt)
        ? { id, startedAt: session.startedAt, lastSeenAt: session.lastSeenAt }
        : undefined,
  };
}
