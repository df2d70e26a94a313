/**
 * Names of properties that no one outside this package ever sees: the build shortens them.
 *
 * A name belongs here only if it is in no public interface, travels in no event, envelope or cookie, is kept in no
 * database, and is no name of the platform's own: `internal-names.test.ts` checks what can be checked.
 */
export const internalNames: readonly string[] = [
  // core's contracts: queue, outbox, transport, receipts
  'attempt',
  'isDurable',
  'isQueued',
  'leased',
  'onArrived',
  'onDropped',
  'onSettled',
  'reach',
  'refuse',
  'retryAfter',
  'retryAfterMs',
  'settle',
  'sweep',
  'verdict',
  'verdicts',
  'waitingBytes',
  // what the heart is made of, and what a page hands to it
  'asked',
  'clock',
  'elapsed',
  'fillRandom',
  'identity',
  'ids',
  'lastSeenAt',
  'maxBuffered',
  'maxEventBytes',
  'mayStore',
  'outbox',
  'remember',
  'setUp',
  'startedAt',
  'tearDown',
  'touch',
  'when',
  // the page's own
  'hold',
  'letGo',
  'onExit',
  'onReturn',
  'prepare',
];
