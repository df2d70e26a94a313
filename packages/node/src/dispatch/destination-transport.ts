import {
  type CollectedEvent,
  type Destination,
  type Entry,
  type OnDiagnostic,
  report,
  type SendOutcome,
  type SendVerdict,
  type Transport,
} from '@org/track-core';
import { isAddressedTo } from './is-addressed-to.ts';
import { isConsented } from './is-consented.ts';

/** A destination as a transport: what the queue sees of it. */
export interface DestinationTransport extends Transport<CollectedEvent> {
  /** Closes the destination, if it was ever opened. Never rejects. */
  close(): Promise<void>;
}

/**
 * Stands between a queue and one destination: opens it before its first delivery, keeps from it what it may not or does
 * not want to see, and turns whatever goes wrong in it into an outcome.
 *
 * @param isSuppressed - is the event of somebody of whom nothing may be carried on? It may have been stored before that.
 */
export function createDestinationTransport(
  destination: Destination,
  onDiagnostic?: OnDiagnostic,
  isSuppressed: (event: CollectedEvent) => boolean = () => false,
): DestinationTransport {
  const { name, requires } = destination;
  let opened: Promise<void> | undefined;

  function open(): Promise<void> {
    // An async function, so that an `open` that throws in place rejects like any other.
    opened ??= (async () => destination.open?.())().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  }

  /** Why this event does not go there; `undefined` if it does. */
  function reasonToSkip({ value: event, purpose }: Entry<CollectedEvent>): SendVerdict | undefined {
    // What may not be seen comes first: there the destination's own code does not get to look.
    if (isSuppressed(event)) return { kind: 'dropped', reason: 'suppressed' };
    if (!isConsented(event, [purpose, ...requires])) return { kind: 'dropped', reason: 'consent' };
    if (!isAddressedTo(event, name)) return { kind: 'dropped', reason: 'filtered' };
    try {
      return destination.accepts === undefined || destination.accepts(event)
        ? undefined
        : { kind: 'dropped', reason: 'filtered' };
    } catch (error) {
      report(onDiagnostic, 'destination-filter-failed', `${name}: ${textOf(error)}`);
      return { kind: 'dead', reason: 'filter-failed' };
    }
  }

  async function deliver(events: readonly CollectedEvent[], signal: AbortSignal): Promise<SendOutcome> {
    try {
      await open();
    } catch (error) {
      report(onDiagnostic, 'destination-open-failed', `${name}: ${textOf(error)}`);
      return { kind: 'retry', reason: 'config' };
    }
    // The queue stopped waiting while we opened: these events are on their way again already.
    if (signal.aborted) return { kind: 'retry', reason: 'timeout' };
    try {
      return await destination.deliver(events, { signal });
    } catch (error) {
      report(onDiagnostic, 'destination-failed', `${name}: ${textOf(error)}`);
      return { kind: 'retry', reason: 'server' };
    }
  }

  return {
    async send(entries, { signal }) {
      const skipped = new Map<string, SendVerdict>();
      const wanted: Entry<CollectedEvent>[] = [];
      for (const entry of entries) {
        const verdict = reasonToSkip(entry);
        if (verdict === undefined) wanted.push(entry);
        else skipped.set(entry.id, verdict);
      }
      if (wanted.length === 0) return { kind: 'delivered', verdicts: skipped };
      const outcome = await deliver(
        wanted.map(({ value }) => value),
        signal,
      );
      if (skipped.size === 0) return outcome;
      switch (outcome.kind) {
        case 'delivered':
          return { kind: 'delivered', verdicts: new Map([...(outcome.verdicts ?? []), ...skipped]) };
        case 'dead': {
          if (outcome.reason === 'too-large') return outcome;
          // The refusal speaks of what was delivered, not of what we held back.
          const refused = wanted.map(({ id }) => [id, { kind: 'dead', reason: outcome.reason }] as const);
          return { kind: 'delivered', verdicts: new Map<string, SendVerdict>([...refused, ...skipped]) };
        }
        default:
          return outcome; // all of it comes back and is judged again
      }
    },
    async close() {
      if (opened === undefined) return;
      try {
        await opened;
        await destination.close?.();
      } catch (error) {
        report(onDiagnostic, 'destination-close-failed', `${name}: ${textOf(error)}`);
      }
    },
  };
}

/** Longest piece of an error that goes into a diagnostic, characters. */
const maxErrorLength = 300;

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, maxErrorLength);
}
