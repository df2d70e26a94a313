import type { JsonObject, JsonValue, TrackEvent } from '../event/event.ts';
import { redactText } from './redact-text.ts';
import { type RedactUrlOptions, redactUrl } from './redact-url.ts';

/** Parts of `context` that tell where somebody was and came from. */
const placeNames: readonly string[] = ['page', 'referrer', 'campaign', 'attribution'];

/**
 * A copy of an event without the personal data that pages have in their URLs and titles: in `context.page`, `referrer`,
 * `campaign` and `attribution`, and in properties that are called like one, `href` and `image_url`, `title` and
 * `page_title`. All else is what somebody chose to record, and stays.
 *
 * Click ids stay in URLs where the event's consent covers `advertising`.
 */
export function redactEvent<E extends TrackEvent>(event: E): E {
  const { context } = event;
  const { categoryPreferences, gpc } = context?.consent ?? {};
  // The signal speaks for the person, whatever else was said.
  const options = { keepsClickIds: categoryPreferences?.advertising === true && !gpc };
  const redacted: { context?: Record<string, unknown>; properties?: JsonObject } = {};
  if (context) {
    redacted.context = { ...context };
    for (const name of placeNames) {
      const place = context[name];
      if (isObject(place)) redacted.context[name] = redactPlace(place, options, name);
    }
  }
  if ('properties' in event && event.properties) redacted.properties = redactFields(event.properties, options);
  return { ...event, ...redacted };
}

/** What tells of a place may have others in it: `attribution.first.campaign`. */
function redactPlace(place: JsonObject, options: RedactUrlOptions, placeName: string): JsonObject {
  const redacted = redactFields(place, options, placeName === 'campaign');
  for (const [name, value] of Object.entries(place)) {
    if (isObject(value)) redacted[name] = redactPlace(value, options, name);
  }
  return redacted;
}

const urlName = /(?:^|[^a-z\d])(?:url|uri|href|src|path|search|referr?er|link)$/i;
const titleName = /(?:^|[^a-z\d])title$/i;

function redactFields(fields: JsonObject, options: RedactUrlOptions, areTitles = false): Fields {
  const redacted: Fields = { ...fields };
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'string') continue;
    const words = name.replace(/([a-z])([A-Z])/g, '$1_$2');
    if (urlName.test(words)) redacted[name] = onceFor(value, redactUrl, options);
    else if (areTitles || titleName.test(words)) redacted[name] = onceFor(value, redactText, options);
  }
  return redacted;
}

/** Texts whose result is kept, at most. Events of one page say the same of it again and again. */
const maxKept = 32;

const kept = new Map<string, string>();

function onceFor(
  text: string,
  redact: (text: string, options: RedactUrlOptions) => string,
  options: RedactUrlOptions,
): string {
  const key = `${redact === redactUrl} ${options.keepsClickIds} ${text}`;
  const redacted = kept.get(key) ?? redact(text, options);
  if (kept.size === maxKept) kept.clear();
  kept.set(key, redacted);
  return redacted;
}

type Fields = Record<string, JsonValue | undefined>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
