/** What is wrong with the shape of a JSON text, seen before it is parsed. */
export type ShapeIssue = 'too-deep' | 'too-many-values' | 'too-many-events';

export interface ShapeLimits {
  /** Objects and arrays inside one another. */
  readonly maxDepth: number;
  /** Elements of a list directly inside the outermost object: the events of a batch. */
  readonly maxEvents: number;
  /** Objects and arrays altogether. Parsed, each costs far more than the two characters it may take. */
  readonly maxContainers: number;
  /** Values altogether, as told by commas. */
  readonly maxValues: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const bracket = 0x5b;

/**
 * Parsing a few MB of brackets takes hundreds of MB and seconds: found out before, in one walk that keeps nothing. Text
 * that is no JSON gets any answer.
 */
export function shapeIssue(
  text: string,
  { maxDepth, maxEvents, maxContainers, maxValues }: ShapeLimits,
): ShapeIssue | undefined {
  let depth = 0;
  let containers = 0;
  let values = 0;
  let events = 0;
  let isInString = false;
  let isInList = false; // directly inside the outermost object
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === backslash) at++;
      else if (code === quote) isInString = false;
    } else if (code === quote) isInString = true;
    else if (code === comma) {
      if (++values > maxValues) return 'too-many-values';
      if (depth === 2 && isInList && ++events >= maxEvents) return 'too-many-events';
    }
    // `[` and `{` differ from `]` and `}` by two, and from each other by one bit.
    else if ((code | 0x20) === 0x7b) {
      if (++containers > maxContainers) return 'too-many-values';
      if (++depth > maxDepth) return 'too-deep';
      if (depth === 2) {
        isInList = code === bracket;
        events = 0;
      }
    } else if ((code | 0x20) === 0x7d) depth--;
  }
  return undefined;
}
