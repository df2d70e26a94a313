type Fields = { readonly [key: string]: unknown };

/** RudderStack's library for browsers writes an empty text for nobody. */
const ids = ['userId', 'anonymousId', 'groupId'] as const;

const categories = ['functional', 'analytics', 'advertising'] as const;

/** An event of RudderStack's in our words; itself if there is nothing to translate. */
export function fromRudderStack(event: Fields): Fields {
  const consent = consentOf(event.context);
  const isPlain = consent === undefined && event.userId !== '' && event.anonymousId !== '' && event.groupId !== '';
  if (isPlain) return event;
  const translated: { [key: string]: unknown } = { ...event };
  for (const id of ids) if (translated[id] === '') delete translated[id];
  if (consent !== undefined) translated.context = { ...(event.context as Fields), consent };
  return translated;
}

/**
 * What its consent says of our categories, where its ids are named as they are: a no in it must not be overruled by what
 * a key vouches for.
 */
function consentOf(context: unknown): { readonly categoryPreferences: Fields } | undefined {
  if (!isObject(context) || !isObject(context.consentManagement)) return undefined;
  if (context.consent !== undefined && context.consent !== null) return undefined;
  const { allowedConsentIds: allowed, deniedConsentIds: denied } = context.consentManagement;
  const answers = categories
    .filter((category) => has(allowed, category) || has(denied, category))
    .map((category) => [category, !has(denied, category)]);
  return answers.length === 0 ? undefined : { categoryPreferences: Object.fromEntries(answers) };
}

function has(list: unknown, id: string): boolean {
  return Array.isArray(list) && list.includes(id);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
