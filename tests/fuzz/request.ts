/** What came of one event, as the reply must say it. `stored` is not named in a reply. */
export type ExpectedVerdict = 'stored' | 'duplicate' | 'invalid' | 'consent_denied';

/** One request, and what is right about it. */
export interface FuzzRequest {
  /** For people: how it was made. */
  readonly what: string;
  readonly method: 'POST' | 'GET';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Of each `messageId`. Missing: nobody knows, any answer but a 5xx is right. */
  readonly verdicts?: ReadonlyMap<string, ExpectedVerdict>;
}

export const serverKey = 'secret-of-the-fuzz';
export const browserKey = 'public-of-the-fuzz';
