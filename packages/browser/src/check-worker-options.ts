import { checkOptions } from './check-options.ts';

/** As `checkOptions`, for a tracker in a worker. */
export function checkWorkerOptions(options: object): void {
  const kinds = new Map([
    ['endpoint', 'string'],
    ['writeKey', 'string'],
    ['anonymousId', 'string'],
    ['userId', 'string'],
    ['sessionId', 'string'],
    ['plugins', 'array'],
    ['consent', 'object'],
    ['queue', 'object'],
    ['purposeOf', 'function'],
    ['onDiagnostic', 'function'],
  ]);
  checkOptions(options, 'createWorkerTracker', kinds);
}
