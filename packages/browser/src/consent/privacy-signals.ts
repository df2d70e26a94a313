/** Global Privacy Control: this person told the browser to object for them. https://www.w3.org/TR/gpc/ */
export function isGpcOn(): boolean {
  return (navigator as { globalPrivacyControl?: unknown }).globalPrivacyControl === true;
}
