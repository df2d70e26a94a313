import { createHash } from 'node:crypto';
import { attempt, parseEvent, type TrackEvent } from '@org/track-core';
import type { EventOrigin, Transformation, Transformed } from './transformation.ts';
import { createBudget } from './within-budget.ts';

/** What became of each event, in their order. */
export type RunTransformations = (
  events: readonly TrackEvent[],
  origin: EventOrigin,
) => Promise<readonly Transformed[]>;

/** What one event may take of the processor in all transformations together, milliseconds. */
export const transformationBudgetMs = 20;

/** What one event may become. */
export const maxOutputs = 20;

/** Longest part of an error that is kept with the event, characters. */
const maxMessageLength = 200;

interface Named {
  readonly name: string;
  readonly transform: Transformation;
}

/** One transformation after the other; what one makes of an event, the next one gets. */
export function createTransformations(transformations: readonly Transformation[]): RunTransformations {
  const named: readonly Named[] = transformations.map((transform, index) => ({
    name: transform.name === '' ? `transformations[${index}]` : transform.name,
    transform,
  }));
  const budget = createBudget(transformationBudgetMs);

  return async (events, origin) => {
    const results: Transformed[] = [];
    let running = '';
    await budget.run(
      events.length,
      (place) => {
        const event = events[place] as TrackEvent;
        results[place] = transformed(event, origin, named, (name) => {
          running = name;
        });
      },
      (place) => {
        results[place] = { kind: 'failed', by: running, code: 'transformation-too-slow' };
      },
    );
    return results;
  };
}

function transformed(
  original: TrackEvent,
  origin: EventOrigin,
  named: readonly Named[],
  onNext: (name: string) => void,
): Transformed {
  let events: readonly TrackEvent[] = [original];
  for (const { name, transform } of named) {
    onNext(name);
    const outputs: TrackEvent[] = [];
    for (const event of events) {
      const made = outputsOf(transform, event, origin);
      if ('code' in made) return { kind: 'failed', by: name, ...made };
      outputs.push(...made.events);
      if (outputs.length > maxOutputs) return { kind: 'failed', by: name, code: 'transformation-too-many-events' };
    }
    if (outputs.length === 0) return { kind: 'dropped', by: name };
    events = outputs.map((event, index) => ({ ...event, messageId: idOf(original.messageId, index) }));
  }
  return { kind: 'events', events };
}

type Made = { readonly events: readonly TrackEvent[] } | { readonly code: string; readonly message?: string };

function outputsOf(transform: Transformation, event: TrackEvent, origin: EventOrigin): Made {
  try {
    // A copy: whoever is stopped in the middle, and tried again, starts with the event as it came.
    const output: unknown = transform(structuredClone(event), origin);
    if (output === null) return { events: [] };
    const list: readonly unknown[] = Array.isArray(output) ? output : [output];
    const late = list.filter((item) => item instanceof Promise);
    for (const promise of late) promise.catch(() => {}); // or its rejection would be the host's
    if (late.length > 0) return { code: 'transformation-async' };
    const events: TrackEvent[] = [];
    for (const item of list.slice(0, maxOutputs + 1)) {
      const parsed = parseEvent(asJson(item, event));
      if (!parsed.ok) {
        const message = parsed.issues.map(({ path, code }) => `${path}: ${code}`).join('; ');
        return { code: 'transformation-invalid-event', message };
      }
      events.push(parsed.value);
    }
    return { events };
  } catch (error) {
    const told = attempt(() => (error instanceof Error ? `${error.name}: ${error.message}` : undefined));
    return { code: 'transformation-failed', message: (told ?? typeof error).slice(0, maxMessageLength) };
  }
}

/** As it will be stored. The id is ours, so that an event that comes twice is known; so is what was consented to. */
function asJson(output: unknown, { messageId, context }: TrackEvent): unknown {
  const json: unknown = JSON.parse(JSON.stringify(output) ?? 'null');
  if (typeof json !== 'object' || json === null) return json;
  const fields = { ...(json as { readonly [key: string]: unknown }), messageId };
  const own = (fields as { context?: unknown }).context;
  const { consent: _consent, ...rest } = typeof own === 'object' && own !== null ? (own as { consent?: unknown }) : {};
  const consent = context?.consent;
  return { ...fields, context: consent === undefined ? rest : { ...rest, consent } };
}

/** The first output is the event itself; the others have names that are the same each time it comes. */
function idOf(messageId: string, index: number): string {
  if (index === 0) return messageId;
  const digest = createHash('sha256').update(`${messageId} ${index}`).digest('hex');
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-a${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
