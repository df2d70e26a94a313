import type { Diagnostic, OnDiagnostic, Plugin, SendOutcome, SendVerdict, Tracker } from '@org/track-core';
import { capturePlugin } from './capture/capture-plugin.ts';
import type { CarryFirst, DeliveryPart } from './transport/delivery-part.ts';

/** Somebody's own machine. The file for script tags says things at length to visitors' browsers, too: they hear nothing. */
const ownMachine = /^(localhost|.+\.localhost|127\.[\d.]+|\[::1\])$/;

/** Mistakes. What consent, sampling or a shutdown let go is as it should be; how sending fares is told from the answers. */
const mistakes = /^(invalid|no-identity|too-large|plugin-failed|listed-endpoint|no-storage|outbox-full)$/;

/** So long a page may take to ask for consent before it looks forgotten. */
const patienceMs = 5_000;

/** What it listens at. */
interface Heard {
  readonly endpoint: string;
  readonly capture?: readonly Plugin[];
  readonly delivery?: readonly DeliveryPart[];
  readonly onDiagnostic?: OnDiagnostic;
}

type Say = (text: string) => void;

/**
 * Where a page is being written, and nobody else listens, the console hears what would be silence: that events wait for
 * consent, that nothing takes them, that the collector refused one. Each once for a page. `onDiagnostic` is heard instead.
 *
 * @returns the options, with what listens
 */
export function tellDeveloper<Options extends Heard>(options: Options): Options {
  const { capture = [], delivery = [], endpoint, onDiagnostic } = options;
  if (onDiagnostic || typeof document !== 'object' || !ownMachine.test(location.hostname)) return options;
  const said = new Set<string>();
  const say: Say = (text) => {
    if (said.has(text)) return;
    said.add(text);
    // biome-ignore lint/suspicious/noConsole: only on the machine of who writes the page, and only where nobody else listens
    console.warn(`Track: ${text}`);
  };
  const hear: OnDiagnostic = ({ code, detail }: Diagnostic) => {
    if (mistakes.test(code)) say(`${code}: ${detail}`);
  };
  return {
    ...options,
    capture: [...capture, tellOfWaiting(say)],
    delivery: [...delivery, tellOfAnswers(endpoint, say)],
    onDiagnostic: hear,
  };
}

const tellOfWaiting = (say: Say): Plugin =>
  capturePlugin('developer', (tracker: Tracker, signal: AbortSignal) => {
    const timer = setTimeout(() => {
      if (tracker.consent.allows('analytics') !== undefined || tracker.stats().pending === 0) return;
      say('events wait for a yes, and nothing is sent before it: tracker.consent.set({ analytics: true })');
    }, patienceMs);
    signal.addEventListener('abort', () => clearTimeout(timer));
  });

const tellOfAnswers = (endpoint: string, say: Say): DeliveryPart =>
  ((next) => ({
    async send(entries, options) {
      const outcome = await next
        .send(entries, options)
        .catch((): SendOutcome => ({ kind: 'retry', reason: 'network' }));
      const why = trouble(outcome);
      if (why) say(`${why} (POST ${endpoint})`);
      // No `in`: it is said by a short name in the published files.
      const { verdicts } = outcome as { readonly verdicts?: ReadonlyMap<string, SendVerdict> };
      for (const { id, value } of entries) {
        const verdict = verdicts?.get(id);
        if (verdict?.kind !== 'dead') continue;
        const { event, type } = JSON.parse(value) as { readonly event?: string; readonly type: string };
        say(`the collector refused ${event === undefined ? type : JSON.stringify(event)}: ${verdict.reason}`);
      }
      return outcome;
    },
  })) satisfies CarryFirst as DeliveryPart;

/** What a batch that was not taken says about how things are set up; undefined for what passes by itself. */
function trouble(outcome: SendOutcome): string | undefined {
  if (outcome.kind !== 'retry' && outcome.kind !== 'dead') return undefined;
  const { reason } = outcome;
  if (reason === 'network') return 'nothing answers, events wait: is the collector running, and no blocker in between?';
  if (/-(200|404|405)$/.test(reason)) {
    return `what answers is no collector (${reason}), events wait: let your dev server pass this path on to one`;
  }
  if (/-40[13]$/.test(reason)) return `the collector refuses this page (${reason}): see its allowedOrigins and keys`;
  return /-50[0234]$/.test(reason) ? `no collector behind it (${reason}), events wait: is it running?` : undefined;
}
