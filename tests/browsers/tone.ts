/** A second and more of silence as a WAV file: every browser plays it without a codec. */
export function silence(seconds: number): Uint8Array {
  const rate = 8_000;
  const length = Math.round(seconds * rate);
  const file = new DataView(new ArrayBuffer(44 + length));
  const word = (at: number, text: string): void => {
    for (const [index, letter] of [...text].entries()) file.setUint8(at + index, letter.charCodeAt(0));
  };
  word(0, 'RIFF');
  file.setUint32(4, 36 + length, true);
  word(8, 'WAVEfmt ');
  file.setUint32(16, 16, true);
  file.setUint16(20, 1, true); // PCM
  file.setUint16(22, 1, true); // one channel
  file.setUint32(24, rate, true);
  file.setUint32(28, rate, true);
  file.setUint16(32, 1, true);
  file.setUint16(34, 8, true);
  word(36, 'data');
  file.setUint32(40, length, true);
  const bytes = new Uint8Array(file.buffer);
  bytes.fill(128, 44); // 8-bit samples are unsigned: the middle is silence
  return bytes;
}
