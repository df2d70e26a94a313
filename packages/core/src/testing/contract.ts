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

/** Fails a check unless both are the same as JSON. */
export function expectSame(what: string, actual: unknown, expected: unknown): void {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (got !== wanted) throw new Error(`${what}: expected ${wanted}, got ${got}`);
}
