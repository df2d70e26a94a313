import type { TrackEvent } from './event.ts';
import { type EventLimits, type Fields, isIsoDate, isPlainObject, parseEvent } from './parse-event.ts';
import type { Issue, Result } from './result.ts';

export interface EnvelopeLimits extends EventLimits {
  /** Most events in one batch. Default 2,500, as Segment has it. */
  readonly maxEvents: number;
}

const defaultMaxEvents = 2_500;

/** An event that cannot be taken, as it came, and why. */
export interface InvalidEvent {
  /** Its place in the batch. */
  readonly index: number;
  readonly input: unknown;
  readonly issues: readonly Issue[];
}

/** What an envelope holds. `events`, `invalid` and `duplicates` together are the batch. */
export interface ParsedEnvelope {
  /** The valid events in their order, one per `messageId`: the first. */
  readonly events: readonly TrackEvent[];
  readonly invalid: readonly InvalidEvent[];
  /** The `messageId` of each valid event that an earlier one of the batch already had. */
  readonly duplicates: readonly string[];
  /** Whether `events` is the batch as it came, so that the text it was read from says the same. */
  readonly isIntact: boolean;
  /** Absent too if it was no ISO 8601 date: without it skew goes uncorrected, which must not cost the batch. */
  readonly sentAt?: string;
  /** Absent too if it was no string. */
  readonly writeKey?: string;
}

/**
 * Reads a batch off the wire. One bad event never costs its batch: it is named in `invalid`, and the others go on.
 *
 * Some SDKs write `null` for what is not there (`"userId": null`). Such an event is read again without the nulls that
 * stand for fields of ours; the copy takes its place in `events`.
 *
 * It never throws. Issues are those of the envelope: `not-an-object`, `unreadable`, and for `batch` `missing`,
 * `not-an-array`, `too-many-events`.
 */
export function parseEnvelope(
  input: unknown,
  limits?: Partial<EnvelopeLimits>,
): Result<ParsedEnvelope, readonly Issue[]> {
  try {
    return isPlainObject(input) ? readEnvelope(input, limits) : failed('', 'not-an-object');
  } catch {
    return failed('', 'unreadable');
  }
}

function failed(path: string, code: string): Result<never, readonly Issue[]> {
  return { ok: false, issues: [{ path, code }] };
}

function readEnvelope(
  { batch, sentAt, writeKey }: Fields,
  limits: Partial<EnvelopeLimits> = {},
): Result<ParsedEnvelope, readonly Issue[]> {
  const { maxEvents = defaultMaxEvents } = limits;
  if (batch === undefined) return failed('batch', 'missing');
  if (!Array.isArray(batch)) return failed('batch', 'not-an-array');
  if (batch.length > maxEvents) return failed('batch', 'too-many-events');

  const events: TrackEvent[] = [];
  const invalid: InvalidEvent[] = [];
  const duplicates: string[] = [];
  const isRepeated = createRepetition();
  let copies = 0;
  for (let index = 0; index < batch.length; index++) {
    const input: unknown = batch[index];
    let parsed = parseEvent(input, limits);
    if (!parsed.ok) {
      const again = parseWithoutNulls(input, limits);
      if (again?.ok) {
        parsed = again;
        copies++;
      }
    }
    if (!parsed.ok) invalid.push({ index, input, issues: parsed.issues });
    else if (isRepeated(parsed.value.messageId)) duplicates.push(parsed.value.messageId);
    else events.push(parsed.value);
  }
  return {
    ok: true,
    value: {
      events,
      invalid,
      duplicates,
      isIntact: copies === 0 && events.length === batch.length,
      ...(typeof sentAt === 'string' && isIsoDate(sentAt) ? { sentAt } : {}),
      ...(typeof writeKey === 'string' ? { writeKey } : {}),
    },
  };
}

/** Tells of each id whether it came before. */
function createRepetition(): (id: string) => boolean {
  let growing: string[] | undefined = []; // while each is beyond the one before it
  let newest = '';
  const others = new Set<string>();
  return (id) => {
    // None of them can repeat then. Our trackers' ids begin with the time, and so there is no set to fill.
    if (growing !== undefined && id > newest) {
      growing.push(id);
      newest = id;
      return false;
    }
    for (const earlier of growing ?? []) others.add(earlier);
    growing = undefined;
    const count = others.size;
    return others.add(id).size === count;
  };
}

/** In an event fields are ours down to `context.page.url`; in `properties` and `traits` a null is the sender's own. */
const depthOfOurFields = 3;
const sendersOwn: ReadonlySet<string> = new Set(['properties', 'traits', 'integrations']);

function parseWithoutNulls(input: unknown, limits: Partial<EnvelopeLimits>): ReturnType<typeof parseEvent> | undefined {
  try {
    return isPlainObject(input) ? parseEvent(withoutNulls(input, depthOfOurFields), limits) : undefined;
  } catch {
    return undefined;
  }
}

function withoutNulls(fields: Fields, depth: number): Fields {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== null)
      .map(([key, value]) =>
        depth > 1 && isPlainObject(value) && !sendersOwn.has(key)
          ? [key, withoutNulls(value, depth - 1)]
          : [key, value],
      ),
  );
}
