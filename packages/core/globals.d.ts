// All that core may take from its surroundings: what browsers, Node, Bun, Deno and Workers have alike.
// Time and timers are not here: they come in as a Clock.

interface AbortSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

declare class AbortController {
  readonly signal: AbortSignal;
  abort(): void;
}

declare const crypto: {
  getRandomValues<T extends BigUint64Array>(array: T): T;
};

declare class TextEncoder {
  encode(text: string): Uint8Array;
}
