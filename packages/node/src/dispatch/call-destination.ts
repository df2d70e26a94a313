import {
  type Clock,
  type CollectedEvent,
  type DeliverOptions,
  type DeliveryOutcome,
  type Destination,
  type OnDiagnostic,
  report,
} from '@org/track-core';
import { isAmbiguous, isUnreachable } from './is-ambiguous.ts';
import { readOutcome } from './read-outcome.ts';

/** What `map` made of the events of a delivery. */
type MappedParts = Pick<DeliverOptions, 'items' | 'group'>;

/** A destination as its lane calls it: each call ends in time, and none rejects. */
export interface DestinationCalls {
  /** One delivery. Opens the destination first, if it is not open. */
  deliver(events: readonly CollectedEvent[], mapped?: MappedParts): Promise<DeliveryOutcome>;
  /** Nobody waits for what is under way any more. */
  abandon(): void;
  /** Closes the destination, if it was ever opened. */
  close(): Promise<void>;
}

/** What a destination's own `close` may take, milliseconds. */
const closeGraceMs = 2_000;

export interface DestinationCallsOptions {
  readonly destination: Destination;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly onDiagnostic: OnDiagnostic | undefined;
}

/** Turns whatever goes wrong in a destination into an outcome. */
export function createDestinationCalls(options: DestinationCallsOptions): DestinationCalls {
  const { destination, clock, timeoutMs, onDiagnostic } = options;
  const { name } = destination;
  const giveUps = new Set<() => void>();
  let opened: Promise<void> | undefined;

  function open(): Promise<void> {
    // An async function, so that an `open` that throws in place rejects like any other.
    opened ??= (async () => destination.open?.())().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  }

  /** @param onHanded - the destination is asked now: until then nothing can have left */
  async function call(
    events: readonly CollectedEvent[],
    mapped: MappedParts,
    signal: AbortSignal,
    onHanded: () => void,
  ): Promise<DeliveryOutcome> {
    try {
      await open();
    } catch (error) {
      report(onDiagnostic, 'destination-open-failed', `${name}: ${textOf(error)}`);
      return { kind: 'retry', reason: isUnreachable(error) ? 'network' : 'config' };
    }
    // Nobody waits any more: these events are on their way again already.
    if (signal.aborted) return { kind: 'retry', reason: 'timeout' };
    onHanded();
    try {
      const outcome = readOutcome(await destination.deliver(events, { ...mapped, signal }));
      if (outcome !== undefined) return outcome;
      report(onDiagnostic, 'destination-failed', `${name}: deliver() answered with what is no outcome`);
      return { kind: 'unconfirmed' }; // it was asked, and what came of it nobody knows
    } catch (error) {
      report(onDiagnostic, 'destination-failed', `${name}: ${textOf(error)}`);
      return isAmbiguous(error) ? { kind: 'unconfirmed' } : { kind: 'retry', reason: 'server' };
    }
  }

  return {
    deliver(events, mapped = {}) {
      const controller = new AbortController();
      let isHanded = false;
      return new Promise((resolve) => {
        const end = (outcome: DeliveryOutcome): void => {
          cancel();
          giveUps.delete(giveUp);
          resolve(outcome);
        };
        const giveUp = (): void => {
          end(isHanded ? { kind: 'unconfirmed' } : { kind: 'retry', reason: 'timeout' });
          controller.abort();
        };
        const cancel = clock.after(timeoutMs, giveUp);
        giveUps.add(giveUp);
        const handed = (): void => {
          isHanded = true;
        };
        void call(events, mapped, controller.signal, handed).then(end);
      });
    },
    abandon() {
      for (const giveUp of giveUps) giveUp();
    },
    close() {
      if (opened === undefined) return Promise.resolve();
      const closed = opened
        .then(() => destination.close?.())
        .catch((error: unknown) => report(onDiagnostic, 'destination-close-failed', `${name}: ${textOf(error)}`));
      // It may hang there too.
      return new Promise((resolve) => {
        const cancel = clock.after(closeGraceMs, resolve);
        void closed.then(() => {
          cancel();
          resolve();
        });
      });
    },
  };
}

/** Longest piece of an error that goes into a diagnostic, characters. */
const maxErrorLength = 300;

export function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, maxErrorLength);
}
