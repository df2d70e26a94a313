/** Why DuckDB does not take what is in a row; `undefined` if the fault is of its file or itself. */
export function refusalOf(error: unknown): string | undefined {
  const isRefusal =
    error instanceof Error && /^(Constraint|Conversion|Invalid Input|Out of Range) Error/.test(error.message);
  return isRefusal ? 'refused-by-duckdb' : undefined;
}

/** After it the whole database only answers that it is invalid; a file itself is sound. */
export function isFatal(error: unknown): boolean {
  return error instanceof Error && /^(FATAL|INTERNAL) Error/i.test(error.message);
}
