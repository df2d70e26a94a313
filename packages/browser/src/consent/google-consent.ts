import { attempt, type ConsentPreferences, type Plugin } from '@org/track-core';
import { capturePlugin } from '../capture/capture-plugin.ts';

export interface GoogleConsentOptions {
  /** Take what the page tells Google's tags for the person's answers, as consent platforms tell it. Default true. */
  readonly reads?: boolean;
  /** Tell Google's tags the person's answers. Default true. */
  readonly writes?: boolean;
  /** The name of the page's data layer. Default `dataLayer`. */
  readonly dataLayer?: string;
}

type Category = keyof ConsentPreferences;

/** What is one question to us may be several to Google. https://developers.google.com/tag-platform/security/concepts/consent-mode */
const signalsOf: { readonly [category in Category]-?: readonly string[] } = {
  functional: ['functionality_storage', 'personalization_storage'],
  analytics: ['analytics_storage'],
  advertising: ['ad_storage', 'ad_user_data', 'ad_personalization'],
};

/** A page that says the same later than this says it anew, milliseconds. */
const soonMs = 1_000;

/**
 * Google Consent Mode v2, in and out.
 *
 * In: each `gtag('consent', 'update', …)`, also those from before, is the person's answer. A category gets a yes if all
 * its signals are granted, a no if one is denied; otherwise it stays as it is. A `default` is nobody's answer: what it
 * grants counts for nothing, what it denies takes back a yes that only the opt-out model gave, whatever its region.
 *
 * Out: what was decided, and each later decision, is an `update`, unless Google's tags know it already. Under Global
 * Privacy Control `advertising` is a no, whatever the page says.
 *
 * It goes through the page's data layer, made here if there is none; whether Google's tags ever come does not matter.
 *
 * @example
 * createTracker({ endpoint: '/api/j', plugins: [googleConsent()] });
 */
export function googleConsent({
  reads = true,
  writes = true,
  dataLayer = 'dataLayer',
}: GoogleConsentOptions = {}): Plugin {
  const ours = new WeakSet<object>(); // entries from here

  return capturePlugin('google-consent', ({ consent }, signal) => {
    const page = globalThis as unknown as Record<string, unknown>;
    page[dataLayer] ??= [];
    const found = page[dataLayer];
    if (!Array.isArray(found)) return; // something else has that name
    const layer: unknown[] = found;
    const told: Record<string, unknown> = {}; // what Google's tags know, by signal
    let lastRead: string | undefined;
    let readAt = 0; // `performance.now()`
    let repeats = 0; // of the last word, one soon after the other
    let isReading = false;

    function answer(kind: unknown, said: Readonly<Record<string, unknown>>): void {
      const { preferences, gpc } = consent.get();
      const isUpdate = kind === 'update';
      const answers: { [category in Category]?: boolean } = {};
      for (const [category, signals] of Object.entries(signalsOf) as [Category, readonly string[]][]) {
        const news = signals.filter((name) => said[name] === 'denied' || (isUpdate && said[name] === 'granted'));
        for (const name of news) told[name] = said[name];
        // A no of the person's own needs no default to say it again.
        const isOpen = isUpdate || (preferences[category] === undefined && consent.allows(category));
        if (!news[0] || !isOpen || (gpc && category === 'advertising')) continue;
        const isGranted = signals.every((name) => told[name] === 'granted');
        if (isGranted || signals.some((name) => told[name] === 'denied')) answers[category] = isGranted;
      }
      // What is known already was not decided now.
      if (Object.entries(answers).some(([category, is]) => is !== preferences[category as Category]))
        consent.set(answers);
    }

    function read(entry: unknown): void {
      const { 0: command, 1: kind, 2: said } = entry as ArrayLike<unknown>;
      if (command !== 'consent' || ours.has(entry as object)) return;
      const text = JSON.stringify([kind, said]);
      const now = performance.now();
      repeats = text === lastRead && now - readAt < soonMs ? repeats + 1 : 0;
      lastRead = text;
      readAt = now;
      isReading = true;
      attempt(() => answer(kind, said as Record<string, unknown>));
      isReading = false;
      // Pages say the same twice, or at each view. Whoever answers each of our words with it gets no other: that could go
      // on for ever.
      if (repeats < 2) write();
    }

    function write(): void {
      if (!writes || isReading) return;
      const { preferences } = consent.get();
      const news: Record<string, string> = {};
      for (const [category, signals] of Object.entries(signalsOf) as [Category, readonly string[]][]) {
        const is = preferences[category];
        const word = is ? 'granted' : 'denied';
        for (const name of signals) if (is !== undefined && told[name] !== word) news[name] = told[name] = word;
      }
      if (Object.keys(news)[0]) push('consent', 'update', news);
    }

    function push(..._command: unknown[]): void {
      // biome-ignore lint/complexity/noArguments: Google's tags take no array for a command
      const entry = arguments;
      ours.add(entry);
      layer.push(entry);
    }

    if (reads) {
      for (const entry of layer) attempt(() => read(entry));
      const original = layer.push;
      const heard = (...entries: unknown[]): number => {
        const length = original.apply(layer, entries);
        if (!signal.aborted) for (const entry of entries) attempt(() => read(entry));
        return length;
      };
      layer.push = heard;
      signal.addEventListener('abort', () => {
        // Google's own wrapping, put around it since, stays.
        if (layer.push === heard) layer.push = original;
      });
    }
    attempt(write);
    signal.addEventListener('abort', consent.onChange(write));
  });
}
