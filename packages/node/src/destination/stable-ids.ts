import { createHash } from 'node:crypto';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** The id if it is a UUID, else the UUIDv8 of its hash: the same at every try. https://www.rfc-editor.org/rfc/rfc9562 */
export function uuidOf(id: string): string {
  if (uuidPattern.test(id)) return id.toLowerCase();
  const hex = createHash('sha256').update(id).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** What programs write where nobody is meant. Taken for ids, all those people would become one. */
const placeholderIds: ReadonlySet<string> = new Set(
  `null undefined anonymous anon guest distinct_id nil none n/a na unknown <nil> 0 -1 true false nan [] {} email
  id not_authenticated [object object] 00000000-0000-0000-0000-000000000000`.split(/\s+/),
);

/** Is it the id of somebody, and not a word for nobody? */
export function isRealId(id: string): boolean {
  const plain = id.trim().toLowerCase();
  return plain !== '' && plain !== '[object object]' && !placeholderIds.has(plain);
}

/** When a session began, milliseconds since the epoch, to some 66 seconds: the first 48 bits of its UUIDv7. */
export function sessionStartMs(sessionId: string | undefined): number | undefined {
  const ms = Number.parseInt((sessionId ?? '').replaceAll('-', '').slice(0, 12), 16);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The user's name and a password as HTTP Basic wants them. */
export function basicAuthorization(user: string, password = ''): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
