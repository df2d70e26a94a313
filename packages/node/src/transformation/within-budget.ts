import { createContext, Script } from 'node:vm';

/** Runs code of others that may never end. */
export interface Budget {
  /**
   * Calls `work` for places 0, 1, 2 … until `end`. What takes more of the processor than the budget is stopped where it
   * is, tried once more, and then told to `onOverrun`.
   */
  run(end: number, work: (place: number) => void, onOverrun: (place: number) => void): Promise<void>;
}

/** Once too long is no proof: the runtime may have collected garbage. */
const maxOverruns = 2;

/** On a busy machine the clock runs on without us: a try may last longer than the budget, and the next one longer still. */
const patience = 2;
const maxWindowMs = 2_000;

/**
 * Node can stop synchronous code only inside `vm`, from another thread. That costs as much as ten events do, so one such
 * call goes on until its time is over. Between calls others have their turn.
 */
export function createBudget(budgetMs: number): Budget {
  const sandbox: { work: () => void } = { work: () => {} };
  const context = createContext(sandbox);
  const script = new Script('work()');

  return {
    async run(end, work, onOverrun) {
      let place = 0;
      let isStarted = false;
      let startedAt = 0;
      let overruns = 0; // of this place, one after the other
      let windowMs = budgetMs * patience;
      const workOn = (): void => {
        for (; place < end; place++) {
          startedAt = processorMs();
          isStarted = true;
          work(place);
          overruns = 0;
          windowMs = budgetMs * patience;
        }
      };
      while (place < end) {
        sandbox.work = workOn;
        isStarted = false;
        try {
          script.runInContext(context, { timeout: windowMs });
        } catch (error) {
          if ((error as { code?: string }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
          // It may just have been its turn when the time of all was over.
          if (isStarted && processorMs() - startedAt >= budgetMs && ++overruns === maxOverruns) {
            onOverrun(place++);
            overruns = 0;
            windowMs = budgetMs * patience;
          } else windowMs = Math.min(maxWindowMs, windowMs * patience);
          await nextTurn();
        } finally {
          sandbox.work = () => {};
        }
      }
    },
  };
}

/** Node 22 knows only the time of all threads. */
const usage = (process as { threadCpuUsage?: typeof process.cpuUsage }).threadCpuUsage ?? process.cpuUsage;

/** What of the processor was used so far: unlike the clock it stands still while others have their turn. */
function processorMs(): number {
  const { user, system } = usage.call(process);
  return (user + system) / 1_000;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
