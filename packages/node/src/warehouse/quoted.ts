/** Any text as a literal of DuckDB's. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
