/** A recording that an article offers. There is no microphone: each is made of noise and arithmetic. */
export interface Sound {
  readonly name: SoundName;
  readonly title: string;
}
export type SoundName = keyof typeof samples;

const sampleRate = 8_000; // Hz: rain needs no more
const seconds = 24;

/** What is heard at a moment, -1 to 1; `noise` is another number of that range each time. */
const samples = {
  /** Drops on a window, in gusts. */
  rain: (at: number, noise: number) => noise * (0.25 + 0.15 * Math.sin(at / 3) ** 2) * (noise > 0.97 ? 2.5 : 1),
  /** Water into a cup: the tone rises as the cup fills. */
  pour: (at: number, noise: number) =>
    0.25 * noise * Math.sin(2 * Math.PI * at * (300 + 25 * at)) * (0.6 + 0.4 * Math.sin(at * 9)),
};

const made = new Map<SoundName, Uint8Array<ArrayBuffer>>();

/** The sound as a WAV file, 8 bits, one channel; undefined if there is none of that name. */
export function soundFile(name: string): Uint8Array<ArrayBuffer> | undefined {
  if (!Object.hasOwn(samples, name)) return undefined;
  const known = name as SoundName;
  const file = made.get(known) ?? wavOf(samples[known]);
  made.set(known, file);
  return file;
}

/** https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html */
function wavOf(sample: (at: number, noise: number) => number): Uint8Array<ArrayBuffer> {
  const length = sampleRate * seconds;
  const file = new Uint8Array(44 + length);
  const view = new DataView(file.buffer);
  const text = (at: number, word: string): void => file.set(new TextEncoder().encode(word), at);
  text(0, 'RIFF');
  view.setUint32(4, 36 + length, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, 'data');
  view.setUint32(40, length, true);
  for (let index = 0; index < length; index++) {
    const loudness = sample(index / sampleRate, Math.random() * 2 - 1);
    file[44 + index] = 128 + Math.round(127 * Math.max(-1, Math.min(1, loudness)));
  }
  return file;
}
