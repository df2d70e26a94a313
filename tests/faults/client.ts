/** What the bundle of a client under test puts on `window.client`. */
export interface PageClient {
  /** Tracks one event with `id` in its properties, and incompressible text of `sizeBytes` beside it. */
  track(id: string, sizeBytes: number): void;
  /** Resolves when the client is set up; missing: it is when its script has run. */
  readonly ready?: Promise<unknown>;
  flush?(): Promise<unknown>;
  /** Resolves when everything tracked so far is said to be stored, or not to be; missing: the client says neither. */
  stored?(): Promise<readonly boolean[]>;
  /** Tells what the person answered; missing: the client judges no consent. */
  consent?(isGranted: boolean): void;
}

/** A request as the server has read it, whole. */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** One copy of an event in a request. */
export interface WireEvent {
  /** The id given to `track`. */
  readonly id: string;
  /** What the client itself calls the event, where a collector goes by it. */
  readonly messageId?: string;
}

/** A tracker that goes through the rows. */
export interface ClientUnderTest {
  readonly name: string;
  readonly version: string;
  /** One script that defines `window.client`. With `?consent=pending` in the page's address nobody has answered yet. */
  bundle(): Promise<string>;
  decode(request: WireRequest): readonly WireEvent[];
  /** What its own far end would say. Missing: the real collector answers. */
  answer?(request: WireRequest): Response;
}

/** Ids are recognisable in any encoding that keeps text. */
export const idPattern: RegExp = /mk[0-9a-f]{12}/g;

/** A new id for one event. */
export function newId(): string {
  const hex = crypto.randomUUID().replaceAll('-', '');
  return `mk${hex.slice(0, 12)}`;
}
