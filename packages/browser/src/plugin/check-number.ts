/** Throws an error that names the option which is no number from `min` to `max`. For developers: ask `isDevelopment` first. */
export function checkNumber(option: string, value: unknown, min: number, max: number = Infinity): void {
  if (typeof value === 'number' && value >= min && value <= max) return;
  const range = max < Infinity ? `from ${min} to ${max}` : `of at least ${min}`;
  const got = typeof value === 'string' ? JSON.stringify(value) : String(value);
  throw new TypeError(`${option} is ${got}, expected a number ${range}`);
}
