// The few globals that Node, browsers, Bun, Deno and Workers share and core may use. Anything else is a platform's
// own and does not compile here.

interface AbortSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
}

declare class AbortController {
  readonly signal: AbortSignal;
  abort(): void;
}

declare const crypto: { getRandomValues<T extends Uint8Array>(array: T): T };
