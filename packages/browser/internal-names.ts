/**
 * Names of properties that no one outside this package ever sees: the build shortens them.
 *
 * A name belongs here only if it is in no public interface, travels in no event, envelope or cookie, is kept in no
 * database, and is never asked of the platform: `internal-names.test.ts` checks it.
 */
export const internalNames: readonly string[] = [
  // core's contracts: queue, outbox, transport, receipts
  'accept',
  'allow',
  'attempt',
  'depth',
  'exit',
  'limits',
  'onArrived',
  'onDropped',
  'onSettled',
  'pull',
  'reach',
  'refuse',
  'release',
  'rest',
  'retryAfterMs',
  'send',
  'settle',
  'sweep',
  'transport',
  'verdicts',
  'waiting',
  'waitingBytes',
  // what the heart is made of, and what a page hands to it
  'after',
  'answers',
  'asked',
  'clock',
  'elapsed',
  'identity',
  'ids',
  'known',
  'load',
  'maxEventBytes',
  'mayStore',
  'outbox',
  'random64',
  'remember',
  'save',
  'store',
  'time',
  'touch',
  'when',
  'baseDelayMs',
  'maxDelayMs',
];
