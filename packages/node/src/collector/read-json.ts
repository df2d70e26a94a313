import { isUtf8 } from 'node:buffer';
import { wellFormedJson } from '@org/track-core';
import { type ShapeIssue, shapeIssue } from './json-shape.ts';
import { Refusal } from './refusal.ts';

/** Objects and arrays inside one another that a body may have; an event's own limit is lower. */
const maxDepth = 64;

/** What a body may hold at most for each of its bytes: an honest one has longer names and texts. */
const minBytesPerContainer = 80;
const minBytesPerValue = 16;

/** Below this even a body of nothing but brackets costs a few MB, and the depth of events is checked one by one. */
const scanAboveBytes = 64 * 1024;

/** The text of a body that is unpacked: UTF-8, and without half emojis that databases refuse. */
export function textOfBytes(bytes: Uint8Array): string | Refusal {
  if (!isUtf8(bytes)) return new Refusal(400, 'not-utf8', 'The body is not UTF-8.');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  return wellFormedJson(text.charCodeAt(0) === byteOrderMark ? text.slice(1) : text);
}

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
