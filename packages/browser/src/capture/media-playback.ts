import type { Tracker } from '@org/track-core';
import { hear, quietly } from './hear.ts';
import { maskName, maskPath } from './mask.ts';
import { pathOf } from './path-of.ts';
import { taggedProperties } from './tagged-properties.ts';
import { addRange, lengthOf, type Range } from './watched-ranges.ts';

export interface PlaybackOptions {
  readonly tracker: Tracker;
  /** `data-track-media` */
  readonly tag: string;
  readonly heartbeatMs: number;
  /** When somebody, or the page, wanted it to play, by `performance.now()`; undefined if it was playing already. */
  readonly wantedAt: number | undefined;
  /** It is over: another play is another playback. */
  readonly onEnd: () => void;
}

/** One element from its first play to its end, its next source, or the end of the page. */
export interface Playback {
  /** The page may go away: tells how far it has come. */
  onHidden(): void;
  /** The page or the element has gone. */
  leave(): void;
  /** Hears nothing any more, and tells nothing. */
  stop(): void;
}

/** Seeks this close to one another are one: somebody drags the handle. Milliseconds. */
const seekSettleMs = 300;

/** Stalls, and seeks, of which one playback tells; of those beyond it only the counts are told. */
const maxTold = 50;

/** In WebKit and Chromium, and in no standard. */
type WithByteCounts = {
  readonly webkitVideoDecodedByteCount?: number;
  readonly webkitAudioDecodedByteCount?: number;
  readonly webkitDisplayingFullscreen?: boolean;
};

export function startPlayback(element: HTMLMediaElement & WithByteCounts, options: PlaybackOptions): Playback {
  const { tracker, tag, heartbeatMs, wantedAt, onEnd } = options;
  const listening = new AbortController();
  const sessionId = crypto.getRandomValues(new Uint32Array(3)).join('-');
  let asset = assetOf(element, tag);
  let duration = element.duration; // the last that was known, seconds
  let isStarted = false; // its first frame was shown
  let isPaused = false;
  let isComplete = false;
  let startupMs: number | undefined;
  let at = element.currentTime; // the last moment that is known to be played, seconds
  let playingFrom: number | undefined; // where what is played without a break began, seconds
  let watched: readonly Range[] = [];
  let playedS = 0; // what was watched twice counts twice
  let quartile = 0;
  let quality = qualityOf(element);
  let beatAt = 0;
  let stalledAt: number | undefined;
  let stallCount = 0;
  let stallMs = 0;
  let seekCount = 0;
  let seekTimer: ReturnType<typeof setTimeout> | undefined;
  let isSeeking = false; // until the last of several seeks has settled

  /** Seconds; `Infinity` while it goes on. An element that gets another source knows none. */
  function knownDuration(): number {
    if (element.duration) duration = element.duration;
    return duration;
  }

  /** @param name - without its first word: all are `Video …`, as in the spec, of sounds too */
  function tell(name: string, details: { readonly [name: string]: unknown } = {}): void {
    const isContent = name.startsWith('Content');
    const { fullscreenElement } = document;
    const length = knownDuration();
    const bytes = (element.webkitVideoDecodedByteCount ?? 0) + (element.webkitAudioDecodedByteCount ?? 0);
    const dropped = (element as Partial<HTMLVideoElement>).getVideoPlaybackQuality?.().droppedVideoFrames;
    tracker.track(`Video ${name}`, {
      session_id: sessionId,
      [isContent ? 'asset_id' : 'content_asset_id']: asset,
      media_type: element.localName,
      video_player: 'html5',
      position: Math.round(at),
      total_length: Number.isFinite(length) ? Math.round(length) : undefined,
      livestream: length === Infinity,
      watched_ms: Math.round(lengthOf(watched) * 1_000),
      quartile,
      startup_ms: startupMs,
      stall_count: stallCount,
      stall_ms: Math.round(stallMs),
      sound: element.muted ? 0 : Math.round(element.volume * 100),
      muted: element.muted,
      full_screen:
        !!element.webkitDisplayingFullscreen || (!!fullscreenElement && pathOf(element).includes(fullscreenElement)),
      quality,
      // Bits in a millisecond are kilobits in a second.
      bitrate: bytes && playedS ? Math.round((bytes * 8) / (playedS * 1_000)) : undefined,
      dropped_frames: dropped,
      ...taggedProperties(element, tag),
      ...details,
    });
  }

  /** It was played until `position`. */
  function advance(position: number): void {
    if (playingFrom === undefined || position <= at) return;
    playedS += position - at;
    at = position;
    watched = addRange(watched, [playingFrom, at]);
    quartile = Math.min(4, Math.floor((lengthOf(watched) / knownDuration()) * 4)) || 0;
  }

  function onPlay(): void {
    if (isPaused) tell('Playback Resumed');
    isPaused = false;
  }

  function onPlaying(): void {
    const now = performance.now();
    endStall();
    playingFrom ??= at;
    if (isStarted) return;
    asset = assetOf(element, tag);
    isStarted = true;
    beatAt = now;
    startupMs = wantedAt && Math.round(now - wantedAt);
    tell('Content Started');
  }

  function onTimeUpdate(): void {
    if (!isStarted || element.seeking) return;
    const before = quartile;
    advance(element.currentTime);
    const isDue = performance.now() - beatAt >= heartbeatMs;
    if (!isPaused && !isComplete && stalledAt === undefined && (isDue || (quartile > before && quartile < 4))) beat();
  }

  function beat(): void {
    beatAt = performance.now();
    tell('Content Playing');
  }

  function onPause(): void {
    // The end is a pause too. So is going out of the page, which nobody pressed.
    if (element.ended) return;
    advance(element.currentTime);
    playingFrom = undefined;
    if (!element.isConnected) return leave();
    endStall();
    isPaused = true;
    tell('Playback Paused');
  }

  function onWaiting(): void {
    // A seek waits too, and so does the start of another round.
    if (!isStarted || isPaused || isComplete || isSeeking || element.seeking || stalledAt !== undefined) return;
    advance(element.currentTime);
    playingFrom = undefined;
    stalledAt = performance.now();
    stallCount++;
    if (stallCount <= maxTold) tell('Playback Buffer Started');
  }

  function endStall(): void {
    if (stalledAt === undefined) return;
    const lastedMs = performance.now() - stalledAt;
    stalledAt = undefined;
    stallMs += lastedMs;
    if (stallCount <= maxTold) tell('Playback Buffer Completed', { buffer_ms: Math.round(lastedMs) });
  }

  function onSeeking(): void {
    const isNextRound = element.loop && element.currentTime < 1 && at > knownDuration() - 1;
    if (isNextRound) advance(duration);
    playingFrom = undefined;
    if (!isStarted) return;
    if (isNextRound) return completeRound();
    endStall();
    clearTimeout(seekTimer);
    if (!isSeeking && ++seekCount <= maxTold)
      tell('Playback Seek Started', { seek_position: Math.round(element.currentTime) });
    isSeeking = true;
  }

  function onSeeked(): void {
    at = element.currentTime;
    if (!isPaused && isStarted) playingFrom = at;
    if (!isSeeking) return;
    clearTimeout(seekTimer);
    seekTimer = setTimeout(quietly(settleSeek), seekSettleMs);
  }

  function settleSeek(): void {
    clearTimeout(seekTimer);
    if (!isSeeking) return;
    isSeeking = false;
    if (seekCount <= maxTold) tell('Playback Seek Completed');
  }

  /** What begins again by itself is complete once, and from then on nothing new happens. */
  function completeRound(): void {
    if (!isComplete) tell('Content Completed');
    isComplete = true;
  }

  function onEnded(): void {
    advance(element.currentTime);
    settleSeek();
    endStall();
    if (!isComplete) tell('Content Completed');
    tell('Playback Completed');
    stop();
  }

  function onError(): void {
    endStall();
    tell('Playback Interrupted', { method: 'error', error_code: element.error?.code });
    stop();
  }

  function onResize(): void {
    const now = qualityOf(element);
    if (now === quality) return;
    quality = now;
    if (isStarted) tell('Quality Updated');
  }

  function leave(): void {
    if (!element.seeking && playingFrom !== undefined) advance(element.currentTime);
    settleSeek();
    endStall();
    tell('Playback Exited');
    stop();
  }

  function stop(): void {
    clearTimeout(seekTimer);
    listening.abort();
    onEnd();
  }

  // Its sources and subtitles have events of these names too.
  const on = (type: string, react: () => void): void =>
    hear(element, [type], ({ target }) => target === element && react(), listening.signal);
  on('play', onPlay);
  on('playing', onPlaying);
  on('timeupdate', onTimeUpdate);
  on('pause', onPause);
  on('waiting', onWaiting);
  on('seeking', onSeeking);
  on('seeked', onSeeked);
  on('ended', onEnded);
  on('error', onError);
  on('resize', onResize);
  // Another source: what is known of this one are the last figures.
  on('emptied', leave);

  tell('Playback Started');
  if (wantedAt === undefined) onPlaying();

  return {
    onHidden() {
      if (isStarted && !isPaused && !isComplete && performance.now() - beatAt >= 1_000) {
        if (!element.seeking) advance(element.currentTime);
        beat();
      }
    },
    leave,
    stop,
  };
}

/** What an element plays: what its tag says, the path of its source, or its id. */
function assetOf(element: HTMLMediaElement, tag: string): string | undefined {
  const tagged = element.getAttribute(tag);
  if (tagged) return tagged;
  const { currentSrc } = element;
  return /^https?:/.test(currentSrc) ? maskPath(currentSrc) : maskName(element.id) || undefined;
}

function qualityOf(element: Partial<HTMLVideoElement>): string | undefined {
  return element.videoHeight ? `${element.videoHeight}p` : undefined;
}
