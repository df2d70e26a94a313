/** There is no token; why may hold a secret, so only a code is told. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

export interface Tokens {
  /** Rejects if there will be none. */
  open(): Promise<void>;
  /** One that is valid now. Rejects with `TokenError`. */
  current(): Promise<string>;
}

interface Auth {
  getAccessToken(): Promise<string | null | undefined>;
}

/** May write rows, make tables and run queries. https://cloud.google.com/bigquery/docs/authorization */
const scope = 'https://www.googleapis.com/auth/bigquery';

/** The host's own tokens; else what Google's library finds and renews, which is loaded when it is first needed. */
export function createTokens(own: (() => Promise<string>) | undefined, projectId: string): Tokens {
  let auth: Promise<Auth> | undefined;

  function loaded(): Promise<Auth> {
    auth ??= import('google-auth-library').then(
      // It would ask another service for the project's id.
      ({ GoogleAuth }) => new GoogleAuth({ scopes: [scope], projectId }),
      (error: unknown) => {
        auth = undefined;
        throw new Error('bigquery: without a token it needs the package google-auth-library', { cause: error });
      },
    );
    return auth;
  }

  return {
    async open() {
      if (own === undefined) await loaded();
    },
    async current() {
      try {
        const token = await (own === undefined ? (await loaded()).getAccessToken() : own());
        if (typeof token === 'string' && token !== '') return token;
      } catch (error) {
        const { code } = (error ?? {}) as { readonly code?: unknown };
        throw new TokenError(`no access token${typeof code === 'string' ? `: ${code.slice(0, 40)}` : ''}`);
      }
      throw new TokenError('no access token');
    },
  };
}
