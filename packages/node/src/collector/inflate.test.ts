import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createInflate } from './inflate.ts';

const text = '{"a":1}';
const bytes = Buffer.from(text);

test.each([
  { why: 'gzip, whatever the header says', body: gzipSync(bytes), encoding: 'identity' },
  { why: 'zlib', body: deflateSync(bytes), encoding: undefined },
  { why: 'zstd', body: zstdCompressSync(bytes), encoding: undefined },
  { why: 'brotli that says so', body: brotliCompressSync(bytes), encoding: 'BR' },
  { why: 'bare deflate that says so', body: deflateRawSync(bytes), encoding: 'deflate' },
  { why: 'plain', body: bytes, encoding: undefined },
  { why: 'plain that says deflate', body: bytes, encoding: 'deflate' },
])('$why is read', async ({ body, encoding }) => {
  expect(Buffer.from((await createInflate(100)(body, encoding)) as Uint8Array).toString()).toBe(text);
});

test.each([
  { why: 'small, and small when unpacked', length: 1_000, isRandom: true },
  { why: 'small, and large when unpacked', length: 300_000, isRandom: false },
  { why: 'large in both', length: 300_000, isRandom: true },
])('all of it comes out: $why', async ({ length, isRandom }) => {
  const whole = isRandom ? randomBytes(length) : Buffer.alloc(length, 'a');
  const unpacked = await createInflate(length)(gzipSync(whole), undefined);
  expect(Buffer.from(unpacked as Uint8Array).equals(whole)).toBe(true);
});

test.each([
  { why: 'less', says: 1 },
  { why: 'more', says: 0xffffffff },
])('one that says there is $why in it than there is cannot be unpacked', async ({ says }) => {
  const packed = gzipSync(randomBytes(20_000));
  packed.writeUInt32LE(says, packed.length - 4);
  expect(await createInflate(1_000_000)(packed, undefined)).toMatchObject({ status: 400, code: 'bad-compression' });
});

test.each([
  { why: 'small', length: 1_000 },
  { why: 'too large to be unpacked on the spot', length: 300_000 },
])('a byte more than it may is too much: $why', async ({ length }) => {
  const answer = await createInflate(length - 1)(gzipSync(Buffer.alloc(length, 'a')), undefined);
  expect(answer).toMatchObject({
    status: 413,
    code: 'too-large',
    message: expect.stringContaining(`${length - 1} bytes`),
  });
});

test('bombs that come together do not grow together', async () => {
  const inflate = createInflate(16 * 1024 * 1024);
  const bomb = gzipSync(Buffer.alloc(32 * 1024 * 1024));
  const before = process.memoryUsage().arrayBuffers;
  let highest = 0;
  const timer = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage().arrayBuffers - before);
  }, 1);
  const answers = await Promise.all(Array.from({ length: 40 }, () => inflate(bomb, undefined)));
  clearInterval(timer);
  expect(answers).toEqual(answers.map(() => expect.objectContaining({ status: 413, code: 'too-large' })));
  // All at once they would take 640 MiB; of four some have been given up and not collected yet.
  expect(highest).toBeLessThan(300 * 1024 * 1024);
});

test('one that cannot be unpacked leaves its place to the next', async () => {
  const inflate = createInflate(1_000_000);
  const broken = gzipSync(randomBytes(200_000)).subarray(0, 100_000);
  const answers = await Promise.all([
    ...Array.from({ length: 9 }, () => inflate(broken, undefined)),
    inflate(bytes, undefined),
  ]);
  expect(answers.at(0)).toMatchObject({ status: 400, code: 'bad-compression' });
  expect(await inflate(gzipSync(bytes), undefined)).toEqual(bytes);
});
