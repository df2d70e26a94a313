import type { Verdict } from './event/entry.ts';
import type { Receipt } from './tracker.ts';

/** A receipt that is told the levels it reached. Promises exist only once somebody asks. */
export class EventReceipt implements Receipt {
  readonly messageId: string;
  declare isQueued?: true;
  declare isDurable?: boolean;
  declare verdict?: Verdict;
  private asked: (() => void)[] = [];

  constructor(messageId: string) {
    this.messageId = messageId;
  }

  get queued(): Promise<boolean> {
    return this.when(() => this.isQueued || (this.verdict && false));
  }

  get durable(): Promise<boolean> {
    return this.when(() => this.isDurable || (this.verdict && this.verdict.kind === 'delivered'));
  }

  get delivered(): Promise<Verdict> {
    return this.when(() => this.verdict);
  }

  reach(level: { readonly isQueued?: true; readonly isDurable?: boolean; readonly verdict?: Verdict }): void {
    Object.assign(this, level);
    for (const answer of this.asked) answer();
  }

  /** Resolves once `known` has an answer; a `false` that may still become true is none. */
  private when<V>(known: () => V | undefined): Promise<V> {
    return new Promise((resolve) => {
      const answer = (): void => {
        const value = known();
        if (value !== undefined) resolve(value);
      };
      this.asked.push(answer);
      answer();
    });
  }
}
