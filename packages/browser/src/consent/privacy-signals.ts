/** Global Privacy Control: this person told the browser to object for them. https://www.w3.org/TR/gpc/ */
export const isGpcOn = (): boolean =>
  (globalThis.navigator as { globalPrivacyControl?: unknown } | undefined)?.globalPrivacyControl === true;
