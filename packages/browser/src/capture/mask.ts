/**
 * A name that was written for machines, as it may be recorded: at most 100 characters, and `[redacted]` if it seems to be
 * made of somebody's e-mail, phone or number, as a field for each of several people is.
 */
export function maskName(name: string): string {
  return /@|%40|\d{7}/.test(name) ? '[redacted]' : name.slice(0, 100);
}

/** The path of a URL, each step of it as a name. */
export function maskPath(url: string): string {
  return new URL(url, document.baseURI).pathname.split('/').map(maskName).join('/');
}
