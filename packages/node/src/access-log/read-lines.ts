import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Longer lines are cut: a file without line ends must not fill the memory. */
const maxLineBytes = 64 * 1024;

const newline = 0x0a;

/**
 * The lines of a file, packed with gzip or not: its first bytes tell.
 *
 * @param onRead - hears how many bytes of the file were read
 */
export async function* readLines(path: string, onRead: (bytes: number) => void): AsyncGenerator<string> {
  // Before the file is opened to be read: a stream that fails while nobody listens ends the process.
  const isPacked = await isGzip(path);
  const file = createReadStream(path);
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onRead(chunk.length);
      done(null, chunk);
    },
  });
  // What goes wrong in one of them is thrown where the last one is read.
  const bytes = isPacked ? pipeline(file, counted, createGunzip(), () => {}) : pipeline(file, counted, () => {});
  let rest = Buffer.alloc(0);
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      yield textOf(rest, chunk.subarray(start, end));
      rest = Buffer.alloc(0);
      start = end + 1;
    }
    if (rest.length < maxLineBytes) rest = Buffer.concat([rest, chunk.subarray(start)]);
  }
  if (rest.length > 0) yield textOf(rest);
}

function textOf(...parts: readonly Buffer[]): string {
  return Buffer.concat(parts).toString('utf8', 0, maxLineBytes).replace(/\r$/, '');
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}
