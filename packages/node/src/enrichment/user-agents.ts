import type { EventContext } from '@org/track-core';
import Bowser from 'bowser';
import type { Enrichment, Finding, Visitor } from './enrichment.ts';
import { remember } from './remember.ts';

/** Visitors whose answer is remembered: some 600 bytes each. */
const maxAnswers = 2_000;

/** What browsers say beside the user agent. https://wicg.github.io/ua-client-hints/ */
const hintHeaders = [
  'sec-ch-ua',
  'sec-ch-ua-full-version-list',
  'sec-ch-ua-mobile',
  'sec-ch-ua-model',
  'sec-ch-ua-platform',
  'sec-ch-ua-platform-version',
] as const;

type Hints = { readonly [header in (typeof hintHeaders)[number]]?: string };

/**
 * Says `context.browser`, `context.os` and `context.device` of a browser, from its user agent and client hints, by
 * `bowser`, which you install beside us. Of what is no browser it says nothing: apps know their device better.
 */
export function userAgents(): Enrichment {
  const findingOf = remember(maxAnswers, (question): Finding => {
    const [userAgent, hints] = JSON.parse(question) as [string, Hints];
    return { context: contextOf(userAgent, hints) };
  });
  return {
    name: 'userAgents',
    find(visitor) {
      // Every browser since 1995 calls itself so, and nothing else should.
      if (!visitor.userAgent?.startsWith('Mozilla/')) return undefined;
      return findingOf(JSON.stringify([visitor.userAgent, hintsOf(visitor)]));
    },
  };
}

/** Longer ones are no browser's, and would fill the memory of answers. */
const maxHintLength = 512;

function hintsOf({ header }: Visitor): Hints {
  const hints: { -readonly [name in keyof Hints]: string } = {};
  for (const name of hintHeaders) {
    const value = header(name);
    if (value !== undefined && value.length <= maxHintLength) hints[name] = value;
  }
  return hints;
}

interface Named {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
}

function contextOf(userAgent: string, hints: Hints): EventContext {
  const brands = brandsOf(hints['sec-ch-ua-full-version-list'] ?? hints['sec-ch-ua']);
  const { browser, os, platform } = Bowser.parse(userAgent, { brands });
  return {
    ...known('browser', { name: browser.name, version: browser.version }),
    ...known('os', osOf(os, hints)),
    ...known('device', {
      type: hints['sec-ch-ua-mobile'] === '?1' ? 'mobile' : platform.type,
      manufacturer: platform.vendor,
      model: textOf(hints['sec-ch-ua-model']) ?? platform.model,
    }),
  };
}

/** What is known of `fields`, under `name`; nothing if nothing is. */
function known(name: string, fields: { readonly [field: string]: string | undefined }): EventContext {
  const found = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '');
  return found.length === 0 ? {} : { [name]: Object.fromEntries(found) };
}

/** Chromium writes an old version into the user agent, always the same: where it sends hints, only they are true. */
function osOf(
  { name, version }: Named,
  hints: Hints,
): { readonly name: string | undefined; readonly version: string | undefined } {
  const platform = textOf(hints['sec-ch-ua-platform']);
  if (platform === undefined || platform === 'Unknown') return { name, version };
  const hinted = textOf(hints['sec-ch-ua-platform-version']);
  const isWindows = platform === 'Windows' && hinted !== undefined;
  return { name: platform, version: isWindows ? windowsVersion(hinted) : hinted };
}

/** Before 10 it was counted so. https://wicg.github.io/ua-client-hints/#sec-ch-ua-platform-version */
const earlyWindows: { readonly [hinted: string]: string } = { '0.1': '7', '0.2': '8', '0.3': '8.1' };

/** Windows 11 says 13 and more. https://learn.microsoft.com/microsoft-edge/web-platform/how-to-detect-win11 */
function windowsVersion(hinted: string): string {
  return earlyWindows[hinted.slice(0, 3)] ?? (Number.parseInt(hinted, 10) >= 13 ? '11' : '10');
}

/** `"Chromium";v="125", "Not.A/Brand";v="24"` */
function brandsOf(header = ''): { brand: string; version: string }[] {
  return [...header.matchAll(/"([^"]*)";\s*v="([^"]*)"/g)].map(([, brand = '', version = '']) => ({ brand, version }));
}

/** A string as structured headers have it, without its quotes; nothing for an empty one. */
function textOf(header: string | undefined): string | undefined {
  const text = header?.replace(/^"(.*)"$/, '$1');
  return text === '' ? undefined : text;
}
