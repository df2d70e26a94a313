import { isAscii, isUtf8 } from 'node:buffer';
import { wellFormedJson } from '@org/track-core';
import type { PackedBody } from '../log/batch-body.ts';
import { type ShapeIssue, shapeIssue } from './json-shape.ts';
import { Refusal } from './refusal.ts';

/** Objects and arrays inside one another that a body may have; an event's own limit is lower. */
const maxDepth = 64;

/** What a body may hold at most for each of its bytes: an honest one has longer names and texts. */
const minBytesPerContainer = 80;
const minBytesPerValue = 16;

/** Below this even a body of nothing but brackets costs a few MB, and the depth of events is checked one by one. */
const scanAboveBytes = 64 * 1024;

/** A body that is unpacked. */
export interface PlainBody {
  /** Without half emojis, which databases refuse. */
  readonly text: string;
  /** The very same in UTF-8, if that is how it came. */
  readonly bytes?: Uint8Array;
  /** And as gzip packed them, if they came so, and that spares the log more than it costs its readers. */
  readonly packed?: PackedBody;
}

/** @param gzip - what the bytes were, if gzip had packed them */
export function plainBody(bytes: Uint8Array, gzip?: Uint8Array): PlainBody | Refusal {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isSmall = gzip !== undefined && gzip.byteLength * worthUnpacking <= bytes.byteLength;
  const asItCame = { bytes: buffer, ...(isSmall ? { packed: { gzip, bytes: bytes.byteLength } } : {}) };
  if (isAscii(buffer)) return bodyOf(buffer.toString('latin1'), asItCame);
  if (!isUtf8(buffer)) return new Refusal(400, 'not-utf8', 'The body is not UTF-8.');
  const text = buffer.toString();
  return text.charCodeAt(0) === byteOrderMark ? bodyOf(text.slice(1)) : bodyOf(text, asItCame);
}

function bodyOf(text: string, asItCame: Omit<PlainBody, 'text'> = {}): PlainBody {
  // Few texts have such an escape at all, and to find out takes a tenth of what the pattern takes.
  const wellFormed = text.includes('\\u') ? wellFormedJson(text) : text;
  return wellFormed === text ? { text, ...asItCame } : { text: wellFormed };
}

/** Unpacking 25 KB takes 30 µs at each reading, writing them 40: so many times smaller a packed body must be. */
const worthUnpacking = 2;

const byteOrderMark = 0xfeff;

/** Parses a body whose shape is not beyond reason. */
export function jsonOf(
  text: string,
  { maxEvents, maxInflatedBytes }: { readonly maxEvents: number; readonly maxInflatedBytes: number },
): { readonly json: unknown } | Refusal {
  if (text.length > scanAboveBytes) {
    const maxContainers = maxInflatedBytes / minBytesPerContainer;
    const maxValues = maxInflatedBytes / minBytesPerValue;
    const issue = shapeIssue(text, { maxDepth, maxEvents, maxContainers, maxValues });
    if (issue !== undefined) return refusalOfShape(issue, maxEvents);
  }
  try {
    return { json: JSON.parse(text) };
  } catch {
    return new Refusal(400, 'not-json', 'The body is not JSON.');
  }
}

export function refusalOfShape(issue: ShapeIssue, maxEvents: number): Refusal {
  switch (issue) {
    case 'too-deep':
      return new Refusal(400, issue, `The body has more than ${maxDepth} objects and arrays inside one another.`);
    case 'too-many-values':
      return new Refusal(413, issue, 'The body has more values than a body of its size needs.');
    case 'too-many-events':
      return new Refusal(413, issue, `A batch may have ${maxEvents} events.`);
  }
}
