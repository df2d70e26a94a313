import type { CollectedEvent, ConsentCategory } from '@org/track-core';

/**
 * Did the person agree to every one of `categories`, as the event itself says? `necessary` needs no agreement.
 *
 * Fail-closed: an answer that is absent, or anything but `true`, is a no; so is `advertising` under Global Privacy Control.
 */
export function isConsented(event: CollectedEvent, categories: readonly ConsentCategory[]): boolean {
  const consent = event.context?.consent;
  return categories.every((category) => {
    if (category === 'necessary') return true;
    if (category === 'advertising' && consent?.gpc === true) return false;
    return consent?.categoryPreferences?.[category] === true;
  });
}
