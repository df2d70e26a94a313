/**
 * One rule of a contract. Suites are lists of these, free of any test framework:
 *
 * ```ts
 * for (const { rule, check } of outboxContract(() => createMyOutbox())) it(rule, check)
 * ```
 */
export interface ContractCase {
  readonly rule: string;
  /** Rejects with what was expected and what came. */
  readonly check: () => Promise<void>;
}

/** Fails a check unless both are the same as JSON, in whatever order objects have their keys. */
export function expectSame(what: string, actual: unknown, expected: unknown): void {
  const [got, wanted] = [jsonOf(actual), jsonOf(expected)];
  if (got !== wanted) throw new Error(`${what}: expected ${wanted}, got ${got}`);
}

const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    part instanceof Object && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort()) : part,
  );
