import type { Clock, Entry, SendOutcome, SendVerdict, Transport } from '@org/track-core';

/** Refusals that one event can bring upon all that travel with it. */
const refusalsOfContent: ReadonlySet<string> = new Set(['http-400', 'http-422']);

/** Requests for one batch at most: enough to find about ten bad events among 250. */
const maxRequests = 100;

export interface IsolationOptions {
  readonly clock: Clock;
  /** How long the queue waits for the answer to a batch, milliseconds. What is said later is heard by nobody. */
  readonly timeoutMs: number;
}

/**
 * For far ends that refuse a whole batch for one bad event: what was refused is sent in halves until only what is bad is.
 *
 * Where nothing of a batch is taken it is the far end that is wrong about us, or we about it: then batches are not taken
 * apart any more until one is delivered. What there is no time for is tried again.
 */
export function isolateBadEvents(transport: Transport, { clock, timeoutMs }: IsolationOptions): Transport {
  let isHopeful = true;

  const isDivisible = (outcome: SendOutcome, { length }: readonly Entry[]): boolean =>
    outcome.kind === 'dead' && refusalsOfContent.has(outcome.reason) && length > 1;

  return {
    ...transport,
    async send(entries, options) {
      // The last request may take as long again as all before it.
      const end = clock.elapsed() + timeoutMs / 2;
      const first = await transport.send(entries, options);
      if (first.kind === 'delivered') isHopeful = true;
      if (!isHopeful || !isDivisible(first, entries)) return first;

      const verdicts = new Map<string, SendVerdict>();
      const waiting = halvesOf(entries);
      let delivered = 0;
      let requests = 1;
      for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
        const isLate = clock.elapsed() >= end;
        const isOver = isLate || requests++ >= maxRequests || options.signal.aborted;
        const outcome: SendOutcome = isLate ? late : isOver ? first : await transport.send(part, options);
        if (!isOver && isDivisible(outcome, part)) {
          waiting.push(...halvesOf(part));
        } else if (outcome.kind === 'delivered') {
          delivered += part.length;
          for (const [id, verdict] of outcome.verdicts ?? []) verdicts.set(id, verdict);
        } else {
          const verdict = verdictOf(outcome, isOver && delivered > 0);
          for (const { id } of part) verdicts.set(id, verdict);
          // Whoever asks for patience, or is gone, is not asked about the rest now.
          if (verdict.kind === 'retry') {
            for (const { id } of waiting.splice(0).flat()) verdicts.set(id, verdict);
          }
        }
      }
      const isTried = [...verdicts.values()].some(({ kind }) => kind === 'retry');
      isHopeful = delivered > 0 || isTried;
      return isHopeful ? { kind: 'delivered', verdicts } : first;
    },
  };
}

const late: SendOutcome = { kind: 'retry', reason: 'timeout' };

/** The earlier half is taken up first. */
function halvesOf(entries: readonly Entry[]): (readonly Entry[])[] {
  const middle = entries.length >> 1;
  return [entries.slice(middle), entries.slice(0, middle)];
}

function verdictOf(outcome: SendOutcome, isForLater: boolean): SendVerdict {
  if (outcome.kind === 'dead' && !isForLater) return outcome;
  const reason = outcome.kind === 'dead' || outcome.kind === 'retry' ? outcome.reason : 'network';
  const retryAfterMs = outcome.kind === 'retry' ? outcome.retryAfterMs : undefined;
  return { kind: 'retry', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
