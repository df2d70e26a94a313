/** One escape of JSON text: a surrogate pair, a surrogate alone, or any other. */
const escapes = /\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u([dD][89a-fA-F]..)|.)/gs;

/**
 * JSON text that says the same, with U+FFFD for each surrogate that stands alone (half an emoji, cut by somebody's
 * `slice`). `JSON.parse` takes those, but DuckDB, Postgres and others refuse the whole text, and with it a whole batch.
 *
 * @param json - decoded from UTF-8, or made by `JSON.stringify`: there lone surrogates are always escapes
 */
export function wellFormedJson(json: string): string {
  if (!/\\u[dD]/.test(json)) return json;
  return json.replace(escapes, (sequence, lone?: string) => (lone === undefined ? sequence : '\\ufffd'));
}
