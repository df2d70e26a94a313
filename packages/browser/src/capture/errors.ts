import { attempt, type Plugin, redactText } from '@org/track-core';
import { checkNumber } from '../plugin/check-number.ts';
import { isDevelopment } from '../runtime/is-development.ts';
import { capturePlugin } from './capture-plugin.ts';
import { hear } from './hear.ts';
import { type StackFrame, topFrame, withoutQuery } from './stack-frame.ts';

export interface ErrorsOptions {
  /** How many different errors of one page load are recorded at most. Default 10. */
  readonly maxErrors?: number;
}

/** Something a page did not catch. */
interface Caught {
  /** What was thrown: anything. */
  readonly thrown: unknown;
  readonly message?: string;
  readonly frame?: StackFrame;
}

/** Characters of a message that are kept. */
const maxMessage = 300;

/**
 * Records what a page does not catch, exceptions and rejected promises, as `Error Occurred`: `type` (`TypeError`),
 * `message`, `file`, `line` and `column` of the innermost place that is known, `source` (`error` or
 * `unhandledrejection`), and a `fingerprint` that is the same for everybody who meets the same error.
 *
 * Each error counts once for each load of a page. The message is what `redactText` leaves of it, without the queries of
 * URLs and without what somebody's JSON said, cut to 300 characters; the file has no query. Left out are errors of other
 * origins, of which browsers say "Script error." only, those of extensions, and `ResizeObserver` loops, which are none.
 */
export function errors({ maxErrors = 10 }: ErrorsOptions = {}): Plugin {
  if (isDevelopment) checkNumber('errors: maxErrors', maxErrors, 0);
  return capturePlugin('errors', (tracker, signal) => {
    const recorded = new Set<string>();

    function record(source: string, { thrown, message = messageOf(thrown), frame = frameOf(thrown) }: Caught): void {
      if (noisePattern.test(message) || /^[a-z-]+-extension:/.test(frame?.file ?? '')) return;
      const properties = {
        source,
        type: typeOf(thrown),
        message: readable(message),
        ...(frame && { ...frame, file: redactText(frame.file.replaceAll('%40', '@')) }),
      };
      const { type, file, line, column } = { ...frame, ...properties };
      // Numbers are what differs between two occurrences of one error.
      const fingerprint = hashOf([type, properties.message.replace(/\d+/g, '0'), file, line, column].join('\n'));
      if (recorded.has(fingerprint) || recorded.size >= maxErrors) return;
      recorded.add(fingerprint);
      tracker.track('Error Occurred', { ...properties, fingerprint });
    }

    function onError(event: Event): void {
      // Pictures and scripts that do not load tell so by the same name.
      if (!(event instanceof ErrorEvent)) return;
      const { error, message, filename, lineno, colno } = event;
      record('error', {
        thrown: error,
        // Browsers put words of their own before what was thrown, each others.
        ...((error ?? undefined) === undefined && { message }),
        ...(filename && { frame: { file: withoutQuery(filename), line: lineno, column: colno } }),
      });
    }

    hear(window, ['error'], onError, signal);
    hear<PromiseRejectionEvent>(
      window,
      ['unhandledrejection'],
      ({ reason }) => record('unhandledrejection', { thrown: reason }),
      signal,
    );
  });
}

const noisePattern = /^(?:Script error\.?$|ResizeObserver loop)/;

/** What is thrown may be anything, and may throw when it is asked. */
const frameOf = (thrown: unknown): StackFrame | undefined => attempt(() => topFrame((thrown as Error).stack));

const messageOf = (thrown: unknown): string =>
  attempt(() => {
    const { message } = Object(thrown) as { readonly message?: unknown };
    return typeof message === 'string' ? message : String(thrown);
  }) ?? '';

/** `TypeError`, or what else it calls itself, if that is a name. */
const typeOf = (thrown: unknown): string =>
  attempt(() => {
    const { name } = Object(thrown) as { readonly name?: unknown };
    return typeof name === 'string' && /^[\w$.]{1,50}$/.test(name) ? name : undefined;
  }) ?? 'Error';

/** A message as it may be recorded. */
function readable(message: string): string {
  // More than is kept, so that nothing personal is cut where it could still be known.
  const text = message.slice(0, 10 * maxMessage);
  const said = /JSON/.test(text) ? text.replace(/".*"/s, '"…"') : text;
  const withoutQueries = said.replace(/[?#][\w%.~[\]-]{1,64}=[^\s"'<>)]*/g, '').replace(/\/\/[^\s/@]{1,128}@/g, '//');
  return redactText(withoutQueries).slice(0, maxMessage);
}

/** FNV-1a of 32 bits: short, and the same everywhere. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
