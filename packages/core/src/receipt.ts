import type { Verdict } from './event/entry.ts';
import type { Receipt } from './tracker.ts';

/** What is known of each level; of two answers the first counts. */
interface Answers {
  readonly queued?: boolean;
  readonly durable?: boolean;
  readonly delivered?: Verdict;
}

/** A receipt that is told the levels it reached. Promises exist only once somebody asks. */
export class EventReceipt implements Receipt {
  declare readonly messageId: string;
  private answers: Answers = {};
  private asked: (() => void)[] = [];

  constructor(messageId: string) {
    this.messageId = messageId;
  }

  get queued(): Promise<boolean> {
    return this.when('queued');
  }

  get durable(): Promise<boolean> {
    return this.when('durable');
  }

  get delivered(): Promise<Verdict> {
    return this.when('delivered');
  }

  reach(answers: Answers): void {
    this.answers = { ...answers, ...this.answers };
    for (const wake of this.asked) wake();
  }

  private async when<Level extends keyof Answers>(level: Level): Promise<Required<Answers>[Level]> {
    while (this.answers[level] === undefined) await new Promise<void>((wake) => this.asked.push(wake));
    return (this.answers as Required<Answers>)[level];
  }
}
