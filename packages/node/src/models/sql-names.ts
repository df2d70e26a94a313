import { createHash } from 'node:crypto';

/** Postgres cuts names off after so many bytes. */
const maxNameLength = 63;
const hashLength = 8;

/**
 * For each word a name that needs no thought in SQL: lower case, digits and underscores, short enough, and of no other
 * word. Where two would have the same, or one is taken, or nothing is left of it, a piece of the word's hash tells them
 * apart: so a name depends on no word's place.
 */
export function sqlNames(
  words: readonly string[],
  { prefix = '', taken = [] }: { readonly prefix?: string; readonly taken?: readonly string[] } = {},
): ReadonlyMap<string, string> {
  const plain = new Map(words.map((word) => [word, plainName(word)]));
  const counts = new Map<string, number>();
  for (const name of plain.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Map(
    [...plain].map(([word, name]) => {
      const own = prefix + name;
      const isClear = name !== '' && counts.get(name) === 1 && !taken.includes(own) && own.length <= maxNameLength;
      if (isClear) return [word, own];
      const hash = createHash('sha256').update(word).digest('hex').slice(0, hashLength);
      return [word, `${own.slice(0, maxNameLength - hashLength - 1)}_${hash}`];
    }),
  );
}

function plainName(word: string): string {
  return word
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
}
