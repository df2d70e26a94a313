/** A path in which nothing is a pattern to DuckDB. */
export const plainPath = (path: string): string => path.replace(/[*?[]/g, '[$&]');

/** Any text as a literal of DuckDB's. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
