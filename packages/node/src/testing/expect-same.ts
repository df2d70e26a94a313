import { deepStrictEqual } from 'node:assert/strict';

/** Fails a check unless both are the same, in whatever order objects have their keys. */
export function expectSame(what: string, actual: unknown, expected: unknown): void {
  deepStrictEqual({ [what]: actual }, { [what]: expected });
}
