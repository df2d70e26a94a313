/** Limits over those that hold otherwise. One that is `undefined`, as of a setting nobody made, says nothing. */
export function limitsOver<Limits extends object>(standard: Limits, own: Partial<Limits> | undefined): Limits {
  const given = Object.entries(own ?? {}).filter(([, limit]) => limit !== undefined);
  return { ...standard, ...Object.fromEntries(given) };
}
