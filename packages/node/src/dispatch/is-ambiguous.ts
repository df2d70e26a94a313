/**
 * Connections that broke on the way: the far end may have read the request or not. What could not even connect
 * (`ECONNREFUSED`, `ENOTFOUND`, `UND_ERR_CONNECT_TIMEOUT`) is not among them.
 * https://nodejs.org/api/errors.html#nodejs-error-codes, https://github.com/nodejs/undici/blob/main/docs/docs/api/Errors.md
 */
const ambiguousCodes: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_ABORTED',
]);

/** Nobody was met: it is down, or not to be reached from here. */
const unreachableCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Was nobody there, rather than something wrong with what we said? */
export function isUnreachable(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return unreachableCodes.has(code) || (cause !== undefined && cause !== error && isUnreachable(cause));
}

/** May the request have arrived, although this came of it? `fetch` hides the reason in `cause`. */
export function isAmbiguous(error: unknown): boolean {
  const { name, code, cause } = (error ?? {}) as { name?: unknown; code?: unknown; cause?: unknown };
  if (name === 'AbortError' || name === 'TimeoutError' || ambiguousCodes.has(code)) return true;
  return cause !== undefined && cause !== error && isAmbiguous(cause);
}
