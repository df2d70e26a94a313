import type { Entry } from '../event/entry.ts';
import type { SendOptions, SendOutcome, Transport } from '../transport/transport.ts';

/** One batch as it was sent. */
export interface SentBatch<T = string> {
  readonly ids: readonly string[];
  readonly entries: readonly Entry<T>[];
  readonly options: SendOptions;
}

/** What the far end does with a batch: an outcome, or `hang` for no answer ever. */
export type ScriptedAnswer = SendOutcome | 'hang';

/** Answers as told, and remembers what it was sent. */
export interface ScriptedTransport<T = string> extends Transport<T> {
  readonly sent: readonly SentBatch<T>[];
  /** Batches without an answer now, and the most there ever were at once. */
  readonly underWay: number;
  readonly mostUnderWay: number;
  /** Answers the oldest batch that hangs. */
  answer(outcome: SendOutcome): void;
}

/**
 * @param script - the answers in turn, then `delivered`; or a function of the batch
 */
export function createScriptedTransport<T = string>(
  script: readonly ScriptedAnswer[] | ((batch: SentBatch<T>, index: number) => ScriptedAnswer) = [],
): ScriptedTransport<T> {
  const sent: SentBatch<T>[] = [];
  const hanging: ((outcome: SendOutcome) => void)[] = [];
  let underWay = 0;
  let mostUnderWay = 0;

  return {
    sent,
    get underWay() {
      return underWay;
    },
    get mostUnderWay() {
      return mostUnderWay;
    },
    send(entries, options) {
      const batch: SentBatch<T> = { ids: entries.map(({ id }) => id), entries, options };
      const index = sent.push(batch) - 1;
      const answer = typeof script === 'function' ? script(batch, index) : (script[index] ?? { kind: 'delivered' });
      underWay++;
      mostUnderWay = Math.max(mostUnderWay, underWay);
      const answered =
        answer === 'hang' ? new Promise<SendOutcome>((resolve) => hanging.push(resolve)) : Promise.resolve(answer);
      return answered.finally(() => {
        underWay--;
      });
    },
    answer(outcome) {
      hanging.shift()?.(outcome);
    },
  };
}
