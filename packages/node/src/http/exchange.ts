/** One request, whatever framework it came through. */
export interface HttpRequest {
  readonly method: string;
  /** As it was asked for, where we are mounted included, without the query. */
  readonly path: string;
  /** Behind the question mark; empty if there is none. */
  readonly query: string;
  /** The connection itself is TLS. Absent where a proxy may have ended it before us. */
  readonly isEncrypted?: boolean;
  /** @param name - in lower case */
  header(name: string): string | undefined;
  /** Where the connection came from. */
  readonly remoteAddress?: string;
  /** Reads the body once. Never rejects. */
  readBody(limits: BodyLimits): Promise<BodyRead>;
}

export interface BodyLimits {
  readonly maxBytes: number;
  /** How long the whole body may take, milliseconds. */
  readonly timeoutMs: number;
  /** Asked as bytes come: is there room for as many? After a no the rest is thrown away. */
  hasRoom?(bytes: number): boolean;
}

/** `decoded`: the framework has undone the content encoding already. */
export type BodyRead =
  | { readonly kind: 'read'; readonly bytes: Uint8Array; readonly decoded?: true }
  | { readonly kind: 'too-large' | 'too-slow' | 'no-room' | 'aborted' };

export interface HttpReply {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string | Uint8Array;
}

/** Answers a request. Never rejects. */
export type Handle = (request: HttpRequest) => Promise<HttpReply>;
