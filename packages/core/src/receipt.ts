import type { Verdict } from './event/entry.ts';
import type { Receipt } from './tracker.ts';

/** A receipt whose levels are told by the tracker. Promises and listeners exist only once somebody asks. */
export class EventReceipt implements Receipt {
  readonly messageId: string;
  private isQueued = false;
  private isDurable = false;
  private stored: Promise<boolean> | undefined;
  private verdict: Verdict | undefined;
  private asked: (() => boolean)[] | undefined;

  constructor(messageId: string) {
    this.messageId = messageId;
  }

  get queued(): Promise<boolean> {
    return this.when(() => (this.isQueued ? true : this.verdict && false));
  }

  get durable(): Promise<boolean> {
    return this.when(() => this.isDurable || (this.verdict && this.verdict.kind === 'delivered'));
  }

  get delivered(): Promise<Verdict> {
    return this.when(() => this.verdict);
  }

  /** It passed consent and plugins; `stored` is the outbox's word on durability. */
  enter(stored: Promise<boolean> | undefined): void {
    this.isQueued = true;
    this.stored = stored;
    if (this.asked) this.follow();
  }

  settle(verdict: Verdict): void {
    this.verdict = verdict;
    this.tell();
  }

  /** Resolves with the first answer that is neither undefined nor, for `durable`, a "not yet". */
  private when<V>(known: () => V | undefined): Promise<V> {
    return new Promise((resolve) => {
      const answer = (): boolean => {
        const value = known();
        if (value === undefined) return false;
        resolve(value);
        return true;
      };
      if (answer()) return;
      this.asked ??= [];
      this.asked.push(answer);
      this.follow();
    });
  }

  private follow(): void {
    this.tell();
    void this.stored?.then((isDurable) => {
      this.isDurable = isDurable;
      this.tell();
    });
    this.stored = undefined;
  }

  private tell(): void {
    this.asked = this.asked?.filter((answer) => !answer());
  }
}
