import type { JsonObject, Tracker } from '@org/track-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { type MediaOptions, media } from './media.ts';

let tracked: { event: string; properties: JsonObject }[];
let stops: (() => void)[];

const tracker = {
  track: (event: string, properties: JsonObject) =>
    tracked.push({ event, properties: JSON.parse(JSON.stringify(properties)) }),
} as unknown as Tracker;

// Without a click no page may play sounds.
beforeAll(async () => {
  document.body.innerHTML = '<button>Play</button>';
  await userEvent.click(document.querySelector('button') as Element);
});

beforeEach(() => {
  tracked = [];
  stops = [];
});

afterEach(() => {
  for (const stop of stops) stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const element of document.querySelectorAll<HTMLMediaElement>('audio,video')) element.pause();
  document.body.innerHTML = '';
});

function start(options?: MediaOptions): () => void {
  const stop = media(options).setup?.(tracker) ?? (() => {});
  stops.push(stop);
  return stop;
}

/** Without their first word. */
const names = (): string[] => tracked.map(({ event }) => event.replace(/^Video /, ''));
const last = (): JsonObject => tracked.at(-1)?.properties ?? {};
const told = (name: string): JsonObject[] =>
  tracked.filter(({ event }) => event === `Video ${name}`).map(({ properties }) => properties);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const until = (name: string): Promise<void> => expect.poll(names).toContain(name);
/** How soon it plays, and how soon its time is told, is the machine's affair. */
const played = (element: HTMLMediaElement, seconds: number): Promise<void> =>
  expect.poll(() => element.currentTime).toBeGreaterThan(seconds);

/** So many seconds of silence. */
function silence(seconds: number): string {
  const samples = 8_000 * seconds;
  const view = new DataView(new ArrayBuffer(44 + samples));
  const text = (at: number, word: string): void => {
    for (const [index, letter] of [...word].entries()) view.setUint8(at + index, letter.charCodeAt(0));
  };
  text(0, 'RIFF');
  view.setUint32(4, 36 + samples, true);
  text(8, 'WAVEfmt ');
  for (const [at, value] of [
    [16, 16],
    [24, 8_000],
    [28, 8_000],
    [40, samples],
  ] as const)
    view.setUint32(at, value, true);
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 1],
    [34, 8],
  ] as const)
    view.setUint16(at, value, true);
  text(36, 'data');
  new Uint8Array(view.buffer, 44).fill(128);
  return URL.createObjectURL(new Blob([view], { type: 'audio/wav' }));
}

/** An element in the page. */
function element<K extends 'audio' | 'video'>(
  kind: K,
  attributes: Partial<HTMLMediaElement> = {},
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(kind), { muted: true, id: 'm1', ...attributes });
  document.body.append(made);
  return made;
}

test('from its first play to its end', async () => {
  start();
  const audio = element('audio', { src: silence(2), playbackRate: 2 });
  audio.setAttribute('data-track-media', 'Episode 1');
  audio.setAttribute('data-track-media-episode-title', 'Ada');
  await audio.play();
  await until('Playback Completed');
  expect(names().filter((name) => name !== 'Content Playing')).toEqual([
    'Playback Started',
    'Content Started',
    'Content Completed',
    'Playback Completed',
  ]);
  expect(tracked[0]?.properties).toMatchObject({
    content_asset_id: 'Episode 1',
    episode_title: 'Ada',
    media_type: 'audio',
    video_player: 'html5',
    position: 0,
    watched_ms: 0,
    sound: 0,
    muted: true,
    full_screen: false,
    stall_count: 0,
  });
  expect(tracked[1]?.properties).toMatchObject({ asset_id: 'Episode 1', startup_ms: expect.any(Number) });
  expect(last()).toMatchObject({ position: 2, total_length: 2, livestream: false, watched_ms: 2_000, quartile: 4 });
  const sessions = new Set(tracked.map(({ properties }) => properties.session_id));
  expect([...sessions]).toEqual([expect.stringMatching(/^\d+-\d+-\d+$/)]);
  // Once more is another playback.
  await audio.play();
  expect(last()).toMatchObject({ watched_ms: 0, quartile: 0 });
  expect([...sessions]).not.toContain(last().session_id);
});

test('quarters that were watched are told as they are reached, and each once', async () => {
  start();
  await element('audio', { src: silence(4), playbackRate: 2 }).play();
  await until('Playback Completed');
  expect(told('Content Playing').map(({ quartile }) => quartile)).toEqual([1, 2, 3]);
});

test('a pause, and going on', async () => {
  start();
  const audio = element('audio', { src: silence(5) });
  await audio.play();
  await played(audio, 0.1);
  audio.pause();
  await until('Playback Paused');
  const watchedMs = last().watched_ms as number;
  expect(watchedMs).toBeGreaterThan(50);
  expect(watchedMs).toBeLessThan(audio.currentTime * 1_000 + 50);
  await sleep(300);
  await audio.play();
  await until('Playback Resumed');
  expect(names()).toEqual(['Playback Started', 'Content Started', 'Playback Paused', 'Playback Resumed']);
  expect(Math.abs((last().watched_ms as number) - watchedMs)).toBeLessThan(50);
});

test('dragging the handle is one seek; what was skipped was not watched, what is watched twice counts once', async () => {
  start();
  const audio = element('audio', { src: silence(60) });
  const startedAt = performance.now();
  await audio.play();
  await played(audio, 0.2);
  const soughtFrom = audio.currentTime;
  // However long the browser takes to seek, the hand does not rest.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  for (const position of [10, 20, 30]) {
    const sought = new Promise((resolve) => audio.addEventListener('seeked', resolve, { once: true }));
    audio.currentTime = position;
    // Browsers may tell the new time first, and then that it was sought.
    audio.dispatchEvent(new Event('timeupdate'));
    await sought;
    vi.advanceTimersByTime(290);
  }
  expect(names()).not.toContain('Playback Seek Completed');
  vi.advanceTimersByTime(10);
  vi.useRealTimers();
  const soughtTo = audio.currentTime;
  await until('Playback Seek Completed');
  audio.currentTime = 0;
  await expect.poll(() => told('Playback Seek Completed').length).toBe(2);
  await played(audio, 0.1);
  audio.pause();
  await until('Playback Paused');
  expect(names()).toEqual([
    'Playback Started',
    'Content Started',
    'Playback Seek Started',
    'Playback Seek Completed',
    'Playback Seek Started',
    'Playback Seek Completed',
    'Playback Paused',
  ]);
  expect(tracked[2]?.properties).toMatchObject({ seek_position: 10 });
  expect(tracked[2]?.properties.position).toBeLessThanOrEqual(Math.round(soughtFrom));
  expect(tracked[3]?.properties.position).toBeGreaterThanOrEqual(30);
  expect(tracked[3]?.properties.position).toBeLessThanOrEqual(Math.round(soughtTo));
  expect(tracked[4]?.properties).toMatchObject({ seek_position: 0 });
  expect(last().watched_ms).toBeGreaterThan(100);
  expect(last().watched_ms).toBeLessThan(performance.now() - startedAt);
});

test('a seek before the first frame is none', async () => {
  start();
  const audio = element('audio', { src: silence(60), preload: 'auto' });
  await expect.poll(() => audio.readyState).toBeGreaterThan(0);
  audio.currentTime = 30;
  await audio.play();
  await sleep(400);
  expect(names()).toEqual(['Playback Started', 'Content Started']);
  expect(tracked[1]?.properties.position).toBe(30);
});

test('it tells every so often that it plays, and only while it does', async () => {
  start({ heartbeatMs: 1_000 });
  const audio = element('audio', { src: silence(600) });
  const startedAt = performance.now();
  await audio.play();
  await expect.poll(() => told('Content Playing').length).toBeGreaterThan(1);
  audio.pause();
  await until('Playback Paused');
  const beats = told('Content Playing').length;
  expect(beats).toBeLessThanOrEqual((performance.now() - startedAt) / 1_000);
  await sleep(1_500);
  expect(told('Content Playing')).toHaveLength(beats);
  await audio.play();
  await expect.poll(() => told('Content Playing').length).toBeGreaterThan(beats);
});

test('by default that is every ten seconds', async () => {
  start();
  const startedAt = 1_000;
  const now = vi.spyOn(performance, 'now').mockReturnValue(startedAt);
  const audio = element('audio', { src: silence(600) });
  await audio.play();
  await until('Content Started');
  for (const [afterMs, beats] of [
    [9_900, 0],
    [10_000, 1],
    [19_900, 1],
    [20_000, 2],
  ] as const) {
    now.mockReturnValue(startedAt + afterMs);
    audio.dispatchEvent(new Event('timeupdate'));
    expect(told('Content Playing')).toHaveLength(beats);
  }
  audio.pause();
  await until('Playback Paused');
  now.mockReturnValue(startedAt + 60_000);
  audio.dispatchEvent(new Event('timeupdate'));
  expect(told('Content Playing')).toHaveLength(2);
});

describe('told by', () => {
  const rows = [
    {
      why: 'its tag',
      attributes: { 'data-track-media': 'Trailer' },
      src: 'https://cdn.example.com/a.mp4',
      expected: 'Trailer',
    },
    {
      why: 'the path of its source',
      attributes: {},
      src: 'https://cdn.example.com/v/a.mp4?token=t#t=1',
      expected: '/v/a.mp4',
    },
    {
      why: 'a path without persons',
      attributes: {},
      src: 'https://cdn.example.com/ada@example.com/a.mp4',
      expected: '/[redacted]/a.mp4',
    },
    {
      why: 'its id, where the source is made in the page',
      attributes: {},
      src: 'blob:https://a.example/0a1b',
      expected: 'm1',
    },
    { why: 'nothing', attributes: { id: '' }, src: 'blob:https://a.example/0a1b', expected: undefined },
  ];
  test.each(rows)('$why', ({ attributes, src, expected }) => {
    start();
    const video = element('video');
    for (const [name, value] of Object.entries(attributes)) video.setAttribute(name, value as string);
    vi.spyOn(video, 'currentSrc', 'get').mockReturnValue(src);
    video.dispatchEvent(new Event('play'));
    expect(tracked[0]?.properties.content_asset_id).toBe(expected);
  });
});

test('the source may be known only when it plays', () => {
  start();
  const video = element('video');
  const source = vi.spyOn(video, 'currentSrc', 'get').mockReturnValue('');
  video.dispatchEvent(new Event('play'));
  source.mockReturnValue('https://cdn.example.com/a.mp4');
  video.dispatchEvent(new Event('playing'));
  expect(tracked.map(({ properties }) => properties.content_asset_id ?? properties.asset_id)).toEqual(['m1', '/a.mp4']);
});

test.each([
  { why: 'decoration', html: '<video loop muted></video>', expected: 0 },
  { why: 'decoration that is tagged', html: '<video loop muted data-track-media="Hero"></video>', expected: 1 },
  { why: 'a loop with controls', html: '<video loop muted controls></video>', expected: 1 },
  { why: 'a loop that is heard', html: '<audio loop></audio>', expected: 1 },
  { why: 'an element that asks for it', html: '<video data-track-ignore></video>', expected: 0 },
  { why: 'a part that asks for it', html: '<div data-track-ignore><video></video></div>', expected: 0 },
])('$why: $expected', ({ html, expected }) => {
  start();
  document.body.innerHTML = html;
  document.querySelector('video,audio')?.dispatchEvent(new Event('play'));
  expect(tracked).toHaveLength(expected);
});

test('what goes round is complete once, and silent from then on', async () => {
  start({ heartbeatMs: 1_000 });
  const audio = element('audio', { src: silence(2), loop: true, controls: true, playbackRate: 2 });
  await audio.play();
  await until('Content Completed');
  const count = tracked.length;
  expect(last()).toMatchObject({ watched_ms: 2_000, quartile: 4 });
  await sleep(2_000);
  expect(tracked).toHaveLength(count);
  audio.pause();
  await until('Playback Paused');
  expect(last().watched_ms).toBe(2_000);
});

describe('leaving', () => {
  const hide = (hidden: boolean): void => {
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  };

  test('with the page', async () => {
    start();
    const audio = element('audio', { src: silence(60) });
    await audio.play();
    await played(audio, 0.3);
    dispatchEvent(new PageTransitionEvent('pagehide'));
    dispatchEvent(new PageTransitionEvent('pagehide'));
    expect(names()).toEqual(['Playback Started', 'Content Started', 'Playback Exited']);
    expect(last().watched_ms).toBeGreaterThan(200);
  });

  test('a hidden page may go away unheard: it tells how far it has come, once a second at most', async () => {
    start();
    const audio = element('audio', { src: silence(60) });
    await audio.play();
    await sleep(1_000);
    await played(audio, 1);
    for (const hidden of [true, false, true, false]) hide(hidden);
    expect(names()).toEqual(['Playback Started', 'Content Started', 'Content Playing']);
    expect(last().watched_ms).toBeGreaterThan(900);
    audio.pause();
    await sleep(1_200);
    hide(true);
    expect(names().at(-1)).toBe('Playback Paused');
  });

  test('out of the page', async () => {
    start();
    const audio = element('audio', { src: silence(60) });
    await audio.play();
    await sleep(200);
    audio.remove();
    await until('Playback Exited');
    await sleep(50);
    expect(names()).toEqual(['Playback Started', 'Content Started', 'Playback Exited']);
  });

  test('out of the page while it was paused: told with the next playback', async () => {
    start();
    const first = element('audio', { src: silence(60), id: 'first' });
    await first.play();
    first.pause();
    await until('Playback Paused');
    first.remove();
    await element('audio', { src: silence(60), id: 'second' }).play();
    await until('Playback Exited');
    expect(told('Playback Exited')).toMatchObject([{ content_asset_id: 'first' }]);
  });

  test('for another source, of which it is not told', async () => {
    start();
    const audio = element('audio', { src: silence(60) });
    vi.spyOn(audio, 'currentSrc', 'get').mockReturnValue('https://cdn.example.com/one.wav');
    await audio.play();
    await played(audio, 0.2);
    vi.spyOn(audio, 'currentSrc', 'get').mockReturnValue('https://cdn.example.com/two.wav');
    audio.src = silence(30);
    await until('Playback Exited');
    expect(last()).toMatchObject({ content_asset_id: '/one.wav', total_length: 60 });
    expect(last().watched_ms).toBeGreaterThan(100);
    await audio.play();
    await until('Playback Started');
    expect(told('Playback Started').map(({ content_asset_id: id }) => id)).toEqual(['/one.wav', '/two.wav']);
  });
});

test.each([
  { why: 'of what plays by itself begins when it loads', autoplay: true, expected: 500 },
  { why: 'of what somebody starts begins when they do', autoplay: false, expected: 100 },
])('the wait $why', ({ autoplay, expected }) => {
  start();
  const audio = element('audio');
  const now = vi.spyOn(performance, 'now').mockReturnValue(1_000);
  audio.autoplay = autoplay;
  audio.dispatchEvent(new Event('loadstart'));
  now.mockReturnValue(1_400);
  audio.dispatchEvent(new Event('play'));
  now.mockReturnValue(1_500);
  audio.dispatchEvent(new Event('playing'));
  expect(last().startup_ms).toBe(expected);
});

describe('what is to play by itself', () => {
  let ms: number;
  beforeEach(() => {
    ms = 1_000;
    vi.spyOn(performance, 'now').mockImplementation(() => ms);
    start();
  });
  const hears = (audio: HTMLAudioElement, type: string, passedMs = 0): void => {
    ms += passedMs;
    audio.dispatchEvent(new Event(type));
  };

  test('and does, has waited since it began to load', async () => {
    const audio = element('audio', { autoplay: true });
    audio.addEventListener('loadstart', () => {
      ms += 400;
    });
    audio.src = silence(60);
    await until('Content Started');
    expect(last().startup_ms).toBe(400);
  });

  test('and may not, waits for somebody, and no longer than from then on', () => {
    const audio = element('audio', { autoplay: true });
    hears(audio, 'loadstart');
    hears(audio, 'canplaythrough', 300);
    hears(audio, 'play', 60_000);
    hears(audio, 'playing', 100);
    expect(last().startup_ms).toBe(100);
  });

  test('and is played once more, has waited from then on', () => {
    const audio = element('audio', { autoplay: true });
    hears(audio, 'loadstart');
    hears(audio, 'play', 300);
    hears(audio, 'playing', 100);
    expect(last().startup_ms).toBe(400);
    hears(audio, 'ended', 60_000);
    hears(audio, 'play', 60_000);
    hears(audio, 'playing', 50);
    expect(last().startup_ms).toBe(50);
  });
});

test('what plays already when it starts is told, without a wait nobody measured', async () => {
  const audio = element('audio', { src: silence(60) });
  await audio.play();
  start();
  expect(names()).toEqual(['Playback Started', 'Content Started']);
  expect(last()).not.toHaveProperty('startup_ms');
  dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
  dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  expect(names().slice(2)).toEqual(['Playback Exited', 'Playback Started', 'Content Started']);
});

test('in a shadow tree, once somebody has clicked in it', async () => {
  start();
  const host = document.createElement('section');
  document.body.append(host);
  const root = host.attachShadow({ mode: 'open' });
  const audio = element('audio', { src: silence(60) });
  root.append(audio);
  audio.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, composed: true }));
  audio.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, composed: true }));
  await audio.play();
  await until('Content Started');
  expect(names()).toEqual(['Playback Started', 'Content Started']);
  vi.spyOn(document, 'fullscreenElement', 'get').mockReturnValue(host);
  audio.pause();
  await until('Playback Paused');
  expect(last().full_screen).toBe(true);
});

test('many stalls and seeks are counted, and fifty of each told', async () => {
  start();
  const audio = element('audio', { src: silence(600) });
  await audio.play();
  await until('Content Started');
  for (let round = 0; round < 60; round++) {
    audio.dispatchEvent(new Event('waiting'));
    audio.dispatchEvent(new Event('waiting'));
    audio.dispatchEvent(new Event('playing'));
  }
  expect(told('Playback Buffer Started')).toHaveLength(50);
  expect(told('Playback Buffer Completed')).toHaveLength(50);
  audio.pause();
  await until('Playback Paused');
  expect(last().stall_count).toBe(60);
});

test('a broadcast has no end', async () => {
  start();
  const audio = element('audio', { src: silence(60) });
  vi.spyOn(audio, 'duration', 'get').mockReturnValue(Number.POSITIVE_INFINITY);
  await audio.play();
  await until('Content Started');
  expect(last()).toMatchObject({ livestream: true, quartile: 0 });
  expect(last()).not.toHaveProperty('total_length');
  // Until it has one.
  vi.spyOn(audio, 'duration', 'get').mockReturnValue(60);
  vi.spyOn(audio, 'currentTime', 'get').mockReturnValue(60);
  audio.dispatchEvent(new Event('ended'));
  expect(last()).toMatchObject({ livestream: false, total_length: 60, watched_ms: 60_000, quartile: 4 });
});

describe('event by event, as other browsers may tell them', () => {
  /** An element of a minute, that does what it is told. */
  function scripted(): (type: string, position: number) => void {
    start();
    const video = element('video');
    vi.spyOn(video, 'duration', 'get').mockReturnValue(60);
    const time = vi.spyOn(video, 'currentTime', 'get');
    return (type, position) => {
      time.mockReturnValue(position);
      video.dispatchEvent(new Event(type));
    };
  }
  const leave = (): boolean => dispatchEvent(new PageTransitionEvent('pagehide'));

  test('a seek between play and the first frame is where it starts', () => {
    const tell = scripted();
    for (const type of ['play', 'seeking', 'seeked', 'playing']) tell(type, type === 'play' ? 0 : 30);
    tell('timeupdate', 32);
    leave();
    expect(names()).toEqual(['Playback Started', 'Content Started', 'Playback Exited']);
    expect(last()).toMatchObject({ position: 32, watched_ms: 2_000 });
  });

  test('what follows a seek is watched, also where nothing says that it plays again', () => {
    const tell = scripted();
    for (const type of ['play', 'playing']) tell(type, 0);
    tell('timeupdate', 5);
    for (const type of ['seeking', 'seeked']) tell(type, 30);
    tell('timeupdate', 32);
    leave();
    expect(last()).toMatchObject({ watched_ms: 7_000 });
  });

  test('a time that goes back a little is no watching', () => {
    const tell = scripted();
    for (const type of ['play', 'playing']) tell(type, 0);
    for (const position of [5, 4.9, 5.1]) tell('timeupdate', position);
    for (const type of ['seeking', 'seeked']) tell(type, 30);
    tell('timeupdate', 29.5);
    leave();
    expect(last()).toMatchObject({ watched_ms: 5_100, position: 30 });
  });

  test('a seek that takes long is complete when it is', async () => {
    const tell = scripted();
    for (const type of ['play', 'playing']) tell(type, 0);
    for (const type of ['seeking', 'seeked', 'seeking']) tell(type, 30);
    await sleep(400);
    expect(names()).not.toContain('Playback Seek Completed');
    tell('seeked', 30);
    await until('Playback Seek Completed');
  });

  test('while it stalls it does not play', () => {
    const tell = scripted();
    for (const type of ['play', 'playing', 'waiting']) tell(type, 0);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
    tell('timeupdate', 1);
    expect(names()).not.toContain('Content Playing');
  });

  test('a page that is hidden tells the latest', () => {
    const tell = scripted();
    for (const type of ['play', 'playing']) tell(type, 0);
    tell('timeupdate', 5);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 2_000);
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    tell('progress', 7);
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    expect(last()).toMatchObject({ position: 7, watched_ms: 7_000 });
  });

  test('a quality before the first frame is no change of it', () => {
    const tell = scripted();
    tell('play', 0);
    vi.spyOn(document.querySelector('video') as HTMLVideoElement, 'videoHeight', 'get').mockReturnValue(720);
    tell('resize', 0);
    tell('playing', 0);
    expect(names()).toEqual(['Playback Started', 'Content Started']);
    expect(last().quality).toBe('720p');
  });
});

test('what happens to its sources and subtitles does not happen to it', async () => {
  start();
  const video = element('video', { src: silence(60) });
  video.innerHTML = '<source><track>';
  await video.play();
  for (const child of video.children) child.dispatchEvent(new Event('error'));
  expect(names()).not.toContain('Playback Interrupted');
});

test('what the person hears and sees of it', async () => {
  start();
  const audio = element('audio', { src: silence(60), volume: 0.35 });
  await audio.play();
  expect(last()).toMatchObject({ sound: 0, muted: true });
  audio.pause();
  await until('Playback Paused');
  audio.muted = false;
  audio.dispatchEvent(new Event('play'));
  expect(last()).toMatchObject({ sound: 35, muted: false, full_screen: false });
});

describe('a stream', () => {
  let chunks: ArrayBuffer[];
  const type = 'video/webm;codecs=vp8';

  /** Two seconds of a moving picture, in pieces. */
  async function record(): Promise<ArrayBuffer[]> {
    const canvas = Object.assign(document.createElement('canvas'), { width: 96, height: 64 });
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: type });
    const parts: Promise<ArrayBuffer>[] = [];
    recorder.ondataavailable = ({ data }) => void parts.push(data.arrayBuffer());
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start(200);
    for (let frame = 0; frame < 60; frame++) {
      context.fillStyle = `hsl(${frame * 6} 90% 50%)`;
      context.fillRect(0, 0, 96, 64);
      await sleep(33);
    }
    recorder.stop();
    await stopped;
    return Promise.all(parts);
  }

  async function stream(): Promise<{
    video: HTMLVideoElement;
    source: MediaSource;
    append(parts: ArrayBuffer[]): Promise<void>;
  }> {
    chunks ??= await record();
    const source = new MediaSource();
    const video = element('video', { src: URL.createObjectURL(source) });
    await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
    const buffer = source.addSourceBuffer(type);
    const append = async (parts: ArrayBuffer[]): Promise<void> => {
      for (const part of parts) {
        buffer.appendBuffer(part);
        await new Promise((resolve) => buffer.addEventListener('updateend', resolve, { once: true }));
      }
    };
    return { video, source, append };
  }

  test('stalls and goes on: how often, and for how long', { timeout: 30_000 }, async () => {
    const { video, source, append } = await stream();
    start();
    const half = Math.ceil(chunks.length / 2);
    await append(chunks.slice(0, half));
    await video.play();
    await until('Playback Buffer Started');
    await sleep(300);
    await append(chunks.slice(half));
    source.endOfStream();
    await until('Playback Completed');
    const stalls = told('Playback Buffer Completed');
    expect(names().slice(0, 4).concat(names().slice(-2))).toEqual([
      'Playback Started',
      'Content Started',
      'Playback Buffer Started',
      'Playback Buffer Completed',
      'Content Completed',
      'Playback Completed',
    ]);
    // Small pieces may make it stop once more, shortly.
    expect(told('Playback Buffer Started')).toHaveLength(stalls.length);
    const stallMs = stalls.reduce((sum, { buffer_ms: ms }) => sum + Number(ms), 0);
    expect(stalls[0]?.buffer_ms).toBeGreaterThanOrEqual(250);
    expect(Math.abs(Number(last().stall_ms) - stallMs)).toBeLessThan(5);
    expect(last()).toMatchObject({
      media_type: 'video',
      stall_count: stalls.length,
      quality: '64p',
      bitrate: expect.any(Number),
      dropped_frames: expect.any(Number),
    });
    expect(last().watched_ms).toBeGreaterThan(1_000);
  });

  test('breaks', { timeout: 30_000 }, async () => {
    const { video, source, append } = await stream();
    start();
    await append(chunks);
    await video.play();
    await until('Content Started');
    source.endOfStream('decode');
    await until('Playback Interrupted');
    expect(last()).toMatchObject({ method: 'error', error_code: MediaError.MEDIA_ERR_DECODE });
    dispatchEvent(new PageTransitionEvent('pagehide'));
    expect(names().at(-1)).toBe('Playback Interrupted');
  });

  test('gets another quality', { timeout: 30_000 }, async () => {
    const { video, append } = await stream();
    start();
    await append(chunks);
    await video.play();
    await until('Content Started');
    vi.spyOn(video, 'videoHeight', 'get').mockReturnValue(1_080);
    video.dispatchEvent(new Event('resize'));
    video.dispatchEvent(new Event('resize'));
    expect(told('Quality Updated')).toMatchObject([{ quality: '1080p' }]);
  });
});

test('a wrong option is named while a page is written', () => {
  expect(() => media({ heartbeatMs: 100 })).toThrow('media: heartbeatMs is 100, expected a number of at least 1000');
});

test('once stopped it tells nothing, and a second set-up tells it once', async () => {
  const stop = start();
  const audio = element('audio', { src: silence(60) });
  await audio.play();
  await until('Content Started');
  const seeks = new Promise((resolve) => audio.addEventListener('seeking', resolve, { once: true }));
  audio.currentTime = 30;
  await seeks;
  stop();
  audio.pause();
  dispatchEvent(new PageTransitionEvent('pagehide'));
  await sleep(500);
  expect(names()).toEqual(['Playback Started', 'Content Started', 'Playback Seek Started']);
  tracked = [];
  const plugin = media();
  stops.push(...[plugin.setup?.(tracker), plugin.setup?.(tracker)].filter((undo) => undo !== undefined));
  await audio.play();
  await until('Content Started');
  expect(names()).toEqual(['Playback Started', 'Content Started']);
});
