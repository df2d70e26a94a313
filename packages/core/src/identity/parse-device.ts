import type { ConsentPreferences } from '../event/event.ts';
import { attempt } from '../runtime/attempt.ts';
import { type Device, readDevice } from './device.ts';

const categories = ['functional', 'analytics', 'advertising'] as const;

/** Longest user id that is believed; what is longer is cut. */
const maxUserIdLength = 256;

/** Any id of ours, and nothing that needs escaping anywhere. */
const idOf = (id: unknown): string | undefined => (typeof id === 'string' && /^[\w-]{8,64}$/.test(id) ? id : undefined);

/** A moment that a `Date` can name. */
const isTime = (at: unknown): at is number => typeof at === 'number' && at > 0 && at <= 8.64e15;

/** The answers among `preferences`: of known categories, yes or no. */
const answersIn = (preferences: unknown): ConsentPreferences =>
  Object.fromEntries(
    Object.entries(preferences ?? {}).filter(
      ([category, answer]) => (categories as readonly string[]).includes(category) && typeof answer === 'boolean',
    ),
  );

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/**
 * Reads the device from the cookies of a request: a cookie is anybody's to edit, and what does not look right is left
 * out.
 */
export function parseDevice(cookies: string): Device {
  const device: Device = attempt(() => readDevice(cookies)) ?? {};
  const { anonymousId, userId } = device;
  const [preferences, decidedAt] = listOf(device.consent);
  const [sessionId, startedAt, seenAt] = listOf(device.session);
  const id = idOf(sessionId);
  return {
    consent: isTime(decidedAt) ? [answersIn(preferences), decidedAt] : undefined,
    anonymousId: idOf(anonymousId),
    userId: (typeof userId === 'string' && userId.slice(0, maxUserIdLength)) || undefined,
    session: id && isTime(startedAt) && isTime(seenAt) ? [id, startedAt, seenAt] : undefined,
  };
}
