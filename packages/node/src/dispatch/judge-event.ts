import {
  type CollectedEvent,
  type ConsentCategory,
  type Destination,
  isServedPage,
  type Mapped,
} from '@org/track-core';
import { isAddressedTo } from './is-addressed-to.ts';
import { isConsented } from './is-consented.ts';
import { reasonOf } from './read-outcome.ts';
import { withhold } from './withhold.ts';

/** What a destination gets to see of an event, in its own words if it has any; or why it gets nothing. */
export type Judged =
  | {
      readonly kind: 'wanted';
      readonly event: CollectedEvent;
      /** What `map` made of it; `undefined` where the destination has none. */
      readonly items?: readonly string[];
      readonly group?: string;
    }
  | Exclude<Mapped, { readonly kind: 'mapped' }>;

export interface JudgeOptions {
  /** What the event is for. */
  readonly purpose: ConsentCategory;
  /** How long ago that was, milliseconds. */
  readonly ageOf: (epochMs: number) => number;
  readonly isSuppressed: (event: CollectedEvent) => boolean;
  /** Hears what the destination's own code threw. */
  readonly onFailed: (code: string, error: unknown) => void;
}

/**
 * Does this event go to this destination, and as what? Asked whenever it comes out of the log, so also when it is
 * replayed. What may not be seen comes first: there the destination's own code does not get to look.
 */
export function judgeEvent(destination: Destination, stored: CollectedEvent, options: JudgeOptions): Judged {
  const { name, requires, withheld, maxAgeMs } = destination;
  const { purpose, ageOf, isSuppressed, onFailed } = options;
  if (isSuppressed(stored)) return { kind: 'dropped', reason: 'suppressed' };
  // About nobody, so nobody can consent to it: it is counted at home, and told to no one else.
  if (isServedPage(stored)) {
    if (destination.isWarehouse !== true) return { kind: 'dropped', reason: 'filtered' };
  } else if (!isConsented(stored, [purpose, ...requires])) return { kind: 'dropped', reason: 'consent' };
  if (!isAddressedTo(stored, name)) return { kind: 'dropped', reason: 'filtered' };
  const event = withheld === undefined ? stored : withhold(stored, withheld);
  try {
    if (destination.accepts?.(event) === false) return { kind: 'dropped', reason: 'filtered' };
  } catch (error) {
    onFailed('destination-filter-failed', error);
    return { kind: 'dead', reason: 'filter-failed' };
  }
  // Of what it wants; written so that a time nobody can read is no reason to let it pass.
  const isTooOld = maxAgeMs !== undefined && !(ageOf(Date.parse(stored.timestamp)) <= maxAgeMs);
  if (destination.map === undefined) return isTooOld ? tooOld : { kind: 'wanted', event };
  try {
    const mapped = destination.map(event);
    if (mapped.kind === 'dropped' || mapped.kind === 'dead') {
      return { kind: mapped.kind, reason: reasonOf(mapped.reason) };
    }
    const { items, group } = mapped;
    if (!items.every((item: unknown) => typeof item === 'string')) throw new TypeError('map() made what is no text');
    if (items.length === 0) return { kind: 'dropped', reason: 'unmapped' };
    if (isTooOld) return tooOld;
    return { kind: 'wanted', event, items, ...(group === undefined ? {} : { group }) };
  } catch (error) {
    onFailed('destination-mapping-failed', error);
    return { kind: 'dead', reason: 'mapping-failed' };
  }
}

/** Not silence: somebody may want to bring it there by other means. */
const tooOld = { kind: 'dead', reason: 'too_old' } as const;
