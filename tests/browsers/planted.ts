/** Personal data, and what opens doors: made up, and all over `pages/account.html`. None of it may ever leave or be kept. */
export const planted: Readonly<Record<string, string>> = {
  email: 'ada.sample@example.com',
  phone: '+15550100123',
  card: '4111111111111111',
  iban: 'DE89370400440532013000',
  nationalId: '49403136526',
  token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl',
  password: 'hunter2-correct-horse',
  name: 'Adalovelace',
  address: 'Samplestreet',
  clickId: 'Cj0KCQiA5NSaBhDnARIsAK2kX9',
};

/** Parts of them that would tell as much. */
const pieces = /sample|hunter2|lovelace|eyj|5550100|411111|89370400|0313652/i;

/** Which of them are in `text`, also escaped, doubly escaped or in base64. */
export function plantedIn(text: string): readonly string[] {
  const haystack = text.toLowerCase();
  const found = Object.entries(planted).filter(([, secret]) =>
    [secret, encodeURIComponent(secret), encodeURIComponent(encodeURIComponent(secret)), btoa(secret)].some((form) =>
      haystack.includes(form.toLowerCase()),
    ),
  );
  const piece = pieces.exec(text);
  return [...found.map(([name]) => name), ...(piece ? [around(text, piece.index)] : [])];
}

const around = (text: string, at: number): string => `… ${text.slice(Math.max(0, at - 80), at + 60)} …`;
