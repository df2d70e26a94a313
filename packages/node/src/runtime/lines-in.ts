import type { Readable } from 'node:stream';

/** The lines of a text. For `node:readline` one also ends at U+2028 and U+2029, which JSON leaves as they are in a text. */
export async function* linesIn(source: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of source.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
