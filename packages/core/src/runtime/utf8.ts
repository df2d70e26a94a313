let encoder: InstanceType<typeof TextEncoder> | undefined;
let scratch: Uint8Array;

/**
 * How many bytes `text` takes in UTF-8; a lone surrogate takes the three of U+FFFD.
 *
 * Encoding into a scratch buffer is many times faster than a loop over code units or a buffer for each text.
 */
export function utf8Length(text: string): number {
  encoder ??= new TextEncoder();
  scratch ??= new Uint8Array(4_096);
  const { read, written } = encoder.encodeInto(text, scratch);
  return read < text.length ? written + utf8Length(text.slice(read)) : written;
}
