// Pictures as code: flat shapes on a 400 × 400 sheet, so that the shop needs no image files and no network.
import { raw } from 'hono/html';

type Html = ReturnType<typeof raw>;

/** A wall, a table top and a soft shadow. Both go on beyond the sheet, so that a wide frame shows more of them. */
function sheet({
  wall,
  table,
  shadow,
  shapes,
}: {
  wall: string;
  table: string;
  shadow: [number, number];
  shapes: string;
}): Html {
  const [centre, width] = shadow;
  return raw(`<svg class="art" viewBox="0 0 400 400" aria-hidden="true" focusable="false">
    <path fill="${wall}" d="M-600-600h1600v1600H-600z"/><path fill="${table}" d="M-600 292h1600v708H-600z"/>
    <ellipse cx="${centre + 14}" cy="322" rx="${width}" ry="12" fill="#1c1a17" opacity=".13"/>${shapes}</svg>`);
}

let clips = 0;

/** Light from the left: the same outline again, clipped to its shaded part. */
function lit(outline: string, base: string, shade: string, splitX: number): string {
  clips = (clips + 1) % 10_000; // an id that is used once on a page
  return `<clipPath id="lit${clips}"><path d="${outline}"/></clipPath><path fill="${base}" d="${outline}"/><path fill="${shade}" clip-path="url(#lit${clips})" d="M${splitX} 0h400v400h-400z"/>`;
}

export const art = {
  mug: () =>
    sheet({
      wall: '#e4d9c6',
      table: '#d3c3a8',
      shadow: [190, 92],
      shapes: `<path d="M264 196c52-8 62 74-4 80" fill="none" stroke="#a04a2e" stroke-width="17" stroke-linecap="round"/>
      ${lit('M120 166h148l-9 136q-3 20-24 20h-82q-21 0-24-20z', '#bd5b38', '#a04a2e', 212)}
      <ellipse cx="194" cy="166" rx="74" ry="15" fill="#7f3a24"/><ellipse cx="194" cy="169" rx="62" ry="10" fill="#3a2218"/>
      <path d="M122 196h145l-1.4 15H123.600z" fill="#ead9c0" opacity=".9"/>`,
    }),
  teapot: () =>
    sheet({
      wall: '#c9cdc0',
      table: '#b3b8a6',
      shadow: [196, 118],
      shapes: `<path d="M268 226c44-6 40-52 78-60l8 12c-26 12-22 66-72 84z" fill="#48324c"/>
      <path d="M122 214c-58-14-62 66 0 66" fill="none" stroke="#48324c" stroke-width="14" stroke-linecap="round"/>
      ${lit('M104 246c0-52 42-82 94-82s94 30 94 82c0 50-34 76-62 76h-64c-28 0-62-26-62-76z', '#6b4a6e', '#573b5b', 226)}
      <path d="M150 172q48-20 96 0l-4 10q-44-16-88 0z" fill="#48324c"/><circle cx="198" cy="150" r="12" fill="#48324c"/>`,
    }),
  bowls: () =>
    sheet({
      wall: '#dbe0dc',
      table: '#bfc8c4',
      shadow: [200, 124],
      shapes: `${lit('M92 214h216c0 62-46 108-84 108h-48c-38 0-84-46-84-108z', '#5f7f86', '#4c6a71', 224)}
      <ellipse cx="200" cy="214" rx="108" ry="17" fill="#3d575d"/>
      ${lit('M116 172h168c0 42-34 66-60 66h-48c-26 0-60-24-60-66z', '#efe7d8', '#d9cdb8', 224)}
      <ellipse cx="200" cy="172" rx="84" ry="13" fill="#c6b89f"/>`,
    }),
  carafe: () =>
    sheet({
      wall: '#cfdcdc',
      table: '#b4c7c8',
      shadow: [190, 110],
      shapes: `<path d="M136 92h64l-6 62c44 26 50 66 46 122-2 32-16 46-34 46h-76c-18 0-32-14-34-46-4-56 2-96 46-122z" fill="#eef5f4" opacity=".75"/>
      <path d="M99 226h138q4 24 3 50c-2 32-16 46-34 46h-76c-18 0-32-14-34-46q-1-26 3-50z" fill="#8fb7bb" opacity=".85"/>
      <ellipse cx="168" cy="226" rx="69" ry="9" fill="#a9cace"/><ellipse cx="168" cy="92" rx="32" ry="6" fill="#fff" opacity=".9"/>
      <path d="M268 222h66l-6 88q-1 12-13 12h-28q-12 0-13-12z" fill="#eef5f4" opacity=".85"/><path d="M271 262h60l-3 48q-1 12-13 12h-28q-12 0-13-12z" fill="#8fb7bb" opacity=".85"/>
      <path d="M120 190q-10 40-4 96" stroke="#fff" stroke-width="6" stroke-linecap="round" fill="none" opacity=".8"/>`,
    }),
  vase: () =>
    sheet({
      wall: '#ead3c4',
      table: '#dbbda9',
      shadow: [200, 66],
      shapes: `<path d="M200 176C196 120 214 96 236 62M200 150c-12-30-26-42-46-56M202 128c14-14 34-20 58-20" fill="none" stroke="#5b6b45" stroke-width="4.5" stroke-linecap="round"/>
      <g fill="#6f8153"><ellipse cx="168" cy="112" rx="8" ry="19" transform="rotate(-48 168 112)"/><ellipse cx="226" cy="96" rx="8" ry="20" transform="rotate(24 226 96)"/><ellipse cx="244" cy="116" rx="7" ry="16" transform="rotate(80 244 116)"/></g>
      <g fill="#d9982f"><circle cx="238" cy="58" r="15"/><circle cx="150" cy="90" r="12"/><circle cx="266" cy="106" r="11"/></g>
      ${lit('M180 166h40l-4 32c36 16 48 42 48 70 0 36-26 54-44 54h-40c-18 0-44-18-44-54 0-28 12-54 48-70z', '#f3ece0', '#dfd2bf', 214)}`,
    }),
  pourOver: () =>
    sheet({
      wall: '#d8d4cb',
      table: '#bfb8aa',
      shadow: [200, 88],
      shapes: `<path d="M146 214h108l8 92q1 16-16 16h-92q-17 0-16-16z" fill="#f0f4f2" opacity=".85"/><path d="M141 266h118l3 40q1 16-16 16h-92q-17 0-16-16z" fill="#5a3a26"/>
      <path d="M258 234c38-2 38 58 3 58" fill="none" stroke="#e9eeec" stroke-width="10"/>
      ${lit('M112 108h176l-52 82h-72z', '#2f3f3b', '#243330', 218)}<path d="M146 190h108v14H146z" fill="#243330"/>
      <path d="M128 108h144l-16-22H144z" fill="#f4ecdc"/><ellipse cx="200" cy="108" rx="70" ry="7" fill="#5a3a26"/>`,
    }),
  moka: () =>
    sheet({
      wall: '#d9c7b4',
      table: '#c4ad95',
      shadow: [196, 84],
      shapes: `<path d="M258 152h40q14 0 12 16l-10 66" fill="none" stroke="#2a2723" stroke-width="15" stroke-linecap="round" stroke-linejoin="round"/>
      <path d="M134 130h-24l18 32z" fill="#8e9490"/>
      ${lit('M132 130h126l-14 96h-98z', '#c3c8c4', '#a3aaa6', 200)}
      <path d="M138 226h114v16H138z" fill="#7c837f"/>
      ${lit('M146 242h98l16 66q3 14-12 14H142q-15 0-12-14z', '#b7bdb9', '#979e9a', 200)}
      <path d="M140 130q4-26 55-26t55 26z" fill="#aab1ad"/><circle cx="195" cy="98" r="10" fill="#2a2723"/>`,
    }),
  board: () =>
    sheet({
      wall: '#cdd3c8',
      table: '#b2baaa',
      shadow: [200, 92],
      shapes: `<g transform="rotate(6 200 220)"><path d="M176 34h48q8 0 8 8v54h32q18 0 18 18v190q0 18-18 18H136q-18 0-18-18V114q0-18 18-18h32V42q0-8 8-8z" fill="#d8ab74"/>
      <path d="M150 98v222M180 36v284M214 36v284M246 98v222" stroke="#c4935a" stroke-width="3" opacity=".6" fill="none"/><circle cx="200" cy="60" r="9" fill="#cdd3c8"/></g>
      <path d="M262 288q18-26 44-14l10 30q2 18-16 18h-30q-16 0-14-18z" fill="#c2452d"/><path d="M288 272q4-14 16-18" stroke="#4f6138" stroke-width="5" fill="none" stroke-linecap="round"/>`,
    }),
  brush: () =>
    sheet({
      wall: '#e3dcc9',
      table: '#cfc5ab',
      shadow: [196, 96],
      shapes: `<g transform="rotate(-28 210 200)"><path d="M198 46q12-8 24 0l-3 150h-18z" fill="#c8965c"/><rect x="164" y="192" width="92" height="42" rx="20" fill="#b4824a"/>
      <path d="M170 230h80l10 62H160z" fill="#efe4cd"/><path d="M178 232l-6 58M196 232l-3 58M212 232l2 58M228 232l5 58M242 232l9 56" stroke="#d3c29d" stroke-width="3"/></g>
      <path d="M92 300h124l-10 22H102z" fill="#3e5f5a"/>`,
    }),
  lamp: () =>
    sheet({
      wall: '#3b4652',
      table: '#2b343e',
      shadow: [200, 76],
      shapes: `<path d="M120 196h160l86 204H34z" fill="#ffdf9a" opacity=".16"/><ellipse cx="200" cy="322" rx="150" ry="20" fill="#ffdf9a" opacity=".16"/>
      <path d="M194 190h12v122h-12z" fill="#c79f5b"/><ellipse cx="200" cy="314" rx="52" ry="10" fill="#a9844a"/>
      ${lit('M150 92h100l36 104H114z', '#f7d58a', '#eec06a', 214)}<ellipse cx="200" cy="196" rx="86" ry="10" fill="#fff0c4"/>`,
    }),
  candles: () =>
    sheet({
      wall: '#59454f',
      table: '#47363f',
      shadow: [200, 118],
      shapes: `${[
        [112, 150, '#e7c9b5'],
        [164, 118, '#d59f86'],
        [216, 176, '#b8705a'],
        [268, 136, '#8f4a45'],
      ]
        .map(
          ([x, y, colour]) =>
            `<rect x="${x}" y="${y}" width="26" height="${316 - Number(y)}" fill="${colour}"/><path d="M${Number(x) - 8} 308h42l-5 14h-32z" fill="#d8b36a"/><path d="M${Number(x) + 13} ${Number(y) - 46}c14 20 12 40 0 42-12-2-14-22 0-42z" fill="#ffe09a"/><circle cx="${Number(x) + 13}" cy="${Number(y) - 20}" r="44" fill="#ffe09a" opacity=".09"/>`,
        )
        .join('')}`,
    }),
  linen: () =>
    sheet({
      wall: '#d5dbe0',
      table: '#bcc6ce',
      shadow: [200, 112],
      shapes: `${lit('M112 96h176v196q0 30-30 30H142q-30 0-30-30z', '#f3efe6', '#e2dbcc', 230)}
      <g fill="#34567a"><path d="M112 246h176v9H112zM112 262h176v5H112zM112 274h176v9H112z"/></g><path d="M112 96h176v20H112z" fill="#e2dbcc"/>
      <path d="M196 96c0-30 30-30 30-6" fill="none" stroke="#8a7a63" stroke-width="6" stroke-linecap="round"/>
      <path d="M146 116v206M186 116v206" stroke="#d9d1bf" stroke-width="2.5" opacity=".8"/>`,
    }),
} satisfies Record<string, () => Html>;

export type ArtName = keyof typeof art;
