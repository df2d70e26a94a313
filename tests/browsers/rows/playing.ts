import { atLeast, between, type Row } from '../row.ts';

/** Nothing that sounds plays for longer where the machine has no sound. */
const limits = { firefox: 'it gives up on what sounds where the machine has no sound: `OnMediaSinkAudioError`' };

/** Sound that the server has, and a film that the browser makes. */
export const playing: readonly Row[] = [
  {
    plugin: 'media',
    name: 'an episode is played, paused, resumed and left',
    async visit({ open, click, stay, leave, sees }) {
      await open('/player');
      await click('#play');
      await sees(() => (document.getElementById('sound') as HTMLAudioElement).currentTime > 1);
      await click('#pause');
      await stay(300);
      await click('#play');
      await sees(() => (document.getElementById('sound') as HTMLAudioElement).currentTime > 1.5);
      await leave();
    },
    limits,
    of: /^Video (Playback|Content Started)/,
    expected: [
      {
        event: 'Video Playback Started',
        properties: { content_asset_id: 'ep1', title: 'Episode', media_type: 'audio', total_length: 6 },
      },
      { event: 'Video Content Started', properties: { asset_id: 'ep1', startup_ms: atLeast(0) } },
      { event: 'Video Playback Paused', properties: { position: between(1, 3), watched_ms: between(800, 5_000) } },
      { event: 'Video Playback Resumed' },
      { event: 'Video Playback Exited', properties: { watched_ms: between(1_200, 6_000), stall_count: 0 } },
    ],
  },
  {
    plugin: 'media',
    name: 'an episode is played from its middle to its end',
    async visit({ open, click, sees, stay }) {
      await open('/player');
      await click('#play');
      await sees(() => (document.getElementById('sound') as HTMLAudioElement).currentTime > 0.2);
      await click('#seek');
      await sees(() => (document.getElementById('sound') as HTMLAudioElement).ended);
      await stay(300);
    },
    limits,
    of: /^Video (Playback|Content (Started|Completed))/,
    expected: [
      { event: 'Video Playback Started' },
      { event: 'Video Content Started' },
      { event: 'Video Playback Seek Started', properties: { seek_position: between(2, 4) } },
      { event: 'Video Playback Seek Completed' },
      { event: 'Video Content Completed' },
      { event: 'Video Playback Completed', properties: { position: 6, watched_ms: between(2_500, 5_000) } },
    ],
  },
  {
    plugin: 'media',
    name: 'a film is watched to its end',
    async visit({ open, click, sees, stay, page }) {
      await open('/player?film');
      await sees(() => {
        const { isFilmReady, filmProblem } = window as { isFilmReady?: boolean; filmProblem?: string };
        return isFilmReady === true || filmProblem !== undefined;
      });
      const problem = await page.evaluate(() => (window as { filmProblem?: string }).filmProblem);
      if (problem !== undefined) throw new Error(problem);
      await click('#film-play');
      await sees(() => (document.getElementById('film') as HTMLVideoElement).ended);
      await stay(300);
    },
    limits: { webkit: 'it records no film to play: no MediaRecorder' },
    of: /^Video (Playback (Started|Completed)|Content (Started|Completed))/,
    expected: [
      { event: 'Video Playback Started', properties: { content_asset_id: 'film1', media_type: 'video', muted: true } },
      { event: 'Video Content Started', properties: { quality: '90p' } },
      { event: 'Video Content Completed' },
      { event: 'Video Playback Completed', properties: { watched_ms: atLeast(500), sound: 0 } },
    ],
  },
];
