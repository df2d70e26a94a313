import { type Plugin, redactEvent } from '@org/track-core';
import { redactors } from './redactors.ts';

/**
 * Takes personal data out of the URLs and titles of each event before it is kept: of the page, of its referrer, of where
 * links lead. E-mails, tokens, cards, phones, long numbers; parameters whose name says what they are; click ids, unless
 * `advertising` was agreed to. What somebody chose to record, like `properties.email`, stays.
 *
 * It belongs into `plugins`, so that it sees what `capture` made: `createTracker({ …, plugins: [redaction()] })`.
 */
export function redaction(): Plugin {
  return {
    name: 'redaction',
    setup(tracker) {
      redactors.set(tracker, redactEvent);
      return () => {};
    },
    process: redactEvent,
  };
}
