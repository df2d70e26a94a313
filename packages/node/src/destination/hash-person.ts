import { createHash } from 'node:crypto';

/** SHA-256 in lower-case hex over UTF-8, without salt: what every advertising platform asks for. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

const hashPattern = /^[a-f0-9]{64}$/;

/** The hash of the normalised text; what is a hash already passes; nothing for what is empty when normalised. */
export function hashed(value: unknown, normalise: (text: string) => string): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const plain = String(value).trim().toLowerCase();
  if (hashPattern.test(plain)) return plain;
  const normal = normalise(plain);
  return normal === '' ? undefined : sha256(normal);
}

/** How each platform writes what it hashes; texts come trimmed and in lower case. */
export const normalise = {
  email: (text: string): string => text,
  /** Google alone takes dots out of its own addresses. */
  googleEmail(text: string): string {
    const [name = '', host = ''] = text.split('@');
    return host === 'gmail.com' || host === 'googlemail.com' ? `${name.replaceAll('.', '')}@${host}` : text;
  },
  /** Digits with the country's code, no plus: Meta. */
  phoneDigits: (text: string): string => text.replace(/\D/g, '').replace(/^0+/, ''),
  /** E.164, with the plus: Google, TikTok. */
  phoneE164(text: string): string {
    const digits = text.replace(/\D/g, '').replace(/^0+/, '');
    return digits === '' ? '' : `+${digits}`;
  },
  name: (text: string): string => text.replace(/[^\p{L}\p{M}\p{N} ]/gu, '').trim(),
  /** Towns and states: no spaces either. */
  place: (text: string): string => text.replace(/[^\p{L}\p{M}\p{N}]/gu, ''),
  postalCode: (text: string): string => text.replace(/[\s-]/g, ''),
  country: (text: string): string => (/^[a-z]{2}$/.test(text) ? text : ''),
  birthday: (text: string): string => /^(\d{4})-?(\d{2})-?(\d{2})/.exec(text)?.slice(1).join('') ?? '',
  gender: (text: string): string => (/^[fm]/.test(text) ? text.slice(0, 1) : ''),
  id: (text: string): string => text,
};
