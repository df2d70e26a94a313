import type { EventType } from '@org/track-core';
import type { BatchBody } from '../log/batch-body.ts';
import type { PlainBody } from './read-json.ts';
import { Refusal } from './refusal.ts';
import { fromRudderStack } from './rudderstack-event.ts';

/** Events as they came, in whichever of the forms we understand. */
export interface IncomingBatch {
  /** Unchecked; fields a sender may leave to the collector are filled in. */
  readonly events: readonly unknown[];
  readonly sentAt?: string;
  readonly deferredAt?: string;
  /** How often its sender says to have tried before. */
  readonly retryCount?: number;
  readonly writeKey?: string;
  /** The sender's own JSON with exactly these events as its `batch`, if it can be kept as it is. */
  readonly body?: BatchBody;
}

export interface Defaults {
  /** Used where an event does not say. */
  readonly type: EventType | undefined;
  readonly receivedAt: number;
  readonly newId: () => string;
}

type Fields = { readonly [key: string]: unknown };

/** Reads our own envelope, Segment's batch, or a single event. */
export function readDialect(json: unknown, body: PlainBody, defaults: Defaults): IncomingBatch | Refusal {
  if (!isObject(json)) return new Refusal(400, 'not-a-batch', 'The body is neither a batch nor an event.');
  const { type } = defaults;
  const envelope = {
    ...(typeof json.sentAt === 'string' ? { sentAt: json.sentAt } : {}),
    ...(typeof json.writeKey === 'string' ? { writeKey: json.writeKey } : {}),
  };
  if (json.batch === undefined) {
    if (type === undefined && typeof json.type !== 'string') {
      return new Refusal(400, 'not-a-batch', 'The body has neither "batch" nor "type".');
    }
    const { sentAt: _sentAt, ...event } = json;
    return { ...envelope, events: [complete(event, { ...defaults, shared: {} })] };
  }
  if (!Array.isArray(json.batch)) return new Refusal(400, 'not-a-batch', '"batch" is not a list.');
  const batch: readonly unknown[] = json.batch;
  const shared = {
    ...(isObject(json.context) ? { context: json.context } : {}),
    ...(isObject(json.integrations) ? { integrations: json.integrations } : {}),
  };
  const whole = { ...defaults, type: undefined, shared };
  const events = batch.map((event) => complete(event, whole));
  const kept = events.every((event, index) => event === batch[index]) ? ownBody(json, body) : undefined;
  return {
    ...envelope,
    ...(typeof json.deferredAt === 'string' ? { deferredAt: json.deferredAt } : {}),
    ...(typeof json.retryCount === 'number' ? { retryCount: json.retryCount } : {}),
    events,
    ...(kept === undefined ? {} : { body: kept }),
  };
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The event with what its sender left to us; itself if nothing is missing. */
function complete(
  input: unknown,
  { type, shared, receivedAt, newId }: Defaults & { readonly shared: Fields },
): unknown {
  if (!isObject(input)) return input;
  const event = fromRudderStack(input);
  const lacksFields =
    isAbsent(event.messageId) || isAbsent(event.timestamp) || (isAbsent(event.type) && type !== undefined);
  const isPlain = shared.context === undefined && shared.integrations === undefined && event.writeKey === undefined;
  if (!lacksFields && isPlain) return event;

  const { writeKey: _writeKey, ...own } = event; // a key is no part of an event
  return {
    ...own,
    ...(isAbsent(own.type) && type !== undefined ? { type } : {}),
    ...(isAbsent(own.messageId) ? { messageId: newId() } : {}),
    ...(isAbsent(own.timestamp) ? { timestamp: own.originalTimestamp ?? new Date(receivedAt).toISOString() } : {}),
    ...merged('context', shared, own),
    ...merged('integrations', shared, own),
  };
}

/** Some of Segment's clients write null for what is not there. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** The batch's own fields lie under those of each event. */
function merged(key: 'context' | 'integrations', shared: Fields, event: Fields): Fields {
  const common = shared[key];
  const own = event[key];
  return isObject(common) && (isAbsent(own) || isObject(own))
    ? { [key]: { ...common, ...(own as Fields | null | undefined) } }
    : {};
}

const envelopeHead =
  /^\{(?:"retryCount":\d+,)?"(?:sent|deferred)At":"[^"\\]*",(?:("writeKey":)"(?:[^"\\]|\\.)*",)?(?="batch":\[)/;

/**
 * A body that has the batch at one of its ends can be stored as it came: no event is written out again, and a key beside
 * it is cut off. One that could hide a second batch, or a second key, is not kept: an escape can spell any key.
 */
function ownBody(json: Fields, body: PlainBody): BatchBody | undefined {
  return body.text.startsWith(batchFirst) ? segmentBody(json, body) : envelope(json, body);
}

/** Our own has the batch last. */
function envelope(json: Fields, { text, bytes, packed }: PlainBody): BatchBody | undefined {
  const [head, writeKey] = envelopeHead.exec(text) ?? [];
  if (head === undefined || !endsWithBatch(json, head)) return undefined;
  if (mayHide(text, 'batch', head.length + batchKey.length)) return undefined;
  // Without a key in front, one behind would be the last of the keys, or stand in an event.
  if (writeKey === undefined) return packed ?? bytes ?? text;
  if (mayHide(text, 'writeKey', head.length)) return undefined;
  return bytes === undefined
    ? `{${text.slice(head.length)}`
    : Buffer.concat([openBrace, bytes.subarray(Buffer.byteLength(head))]);
}

/** Nothing stands behind the batch: neither something new, which JSON may put first, nor another value of what was said. */
function endsWithBatch(json: Fields, head: string): boolean {
  const said = Object.entries(JSON.parse(`${head}"batch":[]}`) as Fields);
  return (
    Object.keys(json).length === said.length && said.every(([key, value]) => key === 'batch' || json[key] === value)
  );
}

const openBrace = Buffer.from('{');
const batchKey = '"batch"';

const batchFirst = '{"batch":[';
const segmentTail = /^\],"(writeKey":"[^"\\]*","sentAt"|sentAt"):"[^"\\]*"\}$/;

/**
 * Segment's libraries for servers have the batch first. What closes the body closes the outermost object, so the list
 * that ends before it is the batch, if there is no other batch and its own first key was never there before.
 */
function segmentBody(json: Fields, { text, bytes }: PlainBody): BatchBody | undefined {
  const end = text.lastIndexOf(']');
  const tail = text.slice(end);
  if (!segmentTail.test(tail)) return undefined;
  const [first, second, third] = Object.keys(json);
  const expected = third === undefined ? 'sentAt' : 'writeKey';
  if (first !== 'batch' || second !== expected || indexOfKey(text, expected, batchFirst.length) < end) return undefined;
  if (mayHide(text, 'batch', batchFirst.length)) return undefined;
  return bytes === undefined
    ? `${text.slice(0, end + 1)}}`
    : Buffer.concat([bytes.subarray(0, bytes.length - Buffer.byteLength(tail) + 1), closeBrace]);
}

const closeBrace = Buffer.from('}');

/**
 * May the rest of a text have this key once more? Of two JSON keeps the last: what stands under the first is judged by
 * nobody, and must not be kept. An escape can spell any key.
 */
function mayHide(text: string, key: EnvelopeKey, from: number): boolean {
  return text.includes('\\u', from) || indexOfKey(text, key, from) >= 0;
}

type EnvelopeKey = 'batch' | 'writeKey' | 'sentAt';

/** Capitals are rare: a search that begins with one takes an eighth of the time. */
const searched: { readonly [key in EnvelopeKey]: string } = { batch: 'batch"', writeKey: 'Key"', sentAt: 'At"' };

function indexOfKey(text: string, key: EnvelopeKey, from: number): number {
  const end = searched[key];
  const whole = `${key}"`;
  let at = text.indexOf(end, from);
  while (at >= 0 && !text.endsWith(whole, at + end.length)) at = text.indexOf(end, at + end.length);
  return at;
}
