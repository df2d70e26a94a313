/** The row cannot be run with this browser, its driver or this client, and `message` says why. */
export class CannotRun extends Error {}

/** What a person's hands do: real input, which the browser takes for theirs. Pixels are CSS pixels of the window. */
export interface Hands {
  /** Moves the pointer here, and presses as often as `count` says. */
  click(
    x: number,
    y: number,
    options?: { readonly count?: number; readonly button?: 'left' | 'middle' },
  ): Promise<void>;
  /** Turns the wheel, the pointer being in the middle of the window. */
  wheel(deltaY: number): Promise<void>;
  /** Types into what has the focus. */
  type(text: string): Promise<void>;
  press(key: Key): Promise<void>;
}

export type Key = 'Enter' | 'Tab' | 'PageDown';

/** A tab. Its words are Playwright's. */
export interface Page {
  readonly hands: Hands;
  /** With `commit` it does not wait for the page to load. */
  goto(address: string, options?: { readonly waitUntil?: 'load' | 'commit' }): Promise<void>;
  /** Resolves when the tab shows this address, loaded. */
  waitForURL(address: string): Promise<void>;
  /** Goes back in history, and does not wait for the page to load: one from the cache never does. */
  goBack(): Promise<void>;
  /** Runs `act` in the page. Argument and result travel as JSON; what `act` does before it first waits is one task. */
  evaluate<Result, Argument = undefined>(
    act: (argument: Argument) => Result | Promise<Result>,
    argument?: Argument,
  ): Promise<Result>;
  /** Resolves when a request of the page has failed below HTTP, or nobody would wait for it any longer. */
  requestFailed(): Promise<void>;
  /** Hears of errors nobody caught in the page, where the driver tells them. */
  onError(listener: (message: string) => void): void;
  /** Hears when the page's process is gone. */
  onCrash(listener: () => void): void;
  close(): Promise<void>;
}

/**
 * A person's browser with its storage on disk: it can be closed, killed and opened again. What its driver cannot do rejects
 * with `CannotRun`.
 */
export interface Profile {
  readonly version: string;
  newPage(): Promise<Page>;
  /** Runs `script` in every page opened from now on, before any of its own. */
  addInitScript(script: () => void): Promise<void>;
  /** Takes the network from the browser, or gives it back. */
  setOffline(isOffline: boolean): Promise<void>;
  /** Ends every request as a blocker does. */
  block(): Promise<void>;
  /** From now on this page has 400 ms latency and 400 kbit/s. */
  slow3G(page: Page): Promise<void>;
  setFrozen(page: Page, isFrozen: boolean): Promise<void>;
  /** Ends the page's process at once. */
  crash(page: Page): Promise<void>;
  /** Closes every tab, not the browser, and gives it back its network. */
  leave(): Promise<void>;
  /** Closes the browser as a person does, and opens it again. */
  reopen(): Promise<void>;
  /** `kill -9` for all of its processes at once, and opens it again. */
  killAndReopen(): Promise<void>;
  /** Opens `address` in a browser nobody drives, and ends that browser when `act` is over. Drivers change what it tests. */
  undriven(address: string, act: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export interface ProfileOptions {
  /** Pages that were left may come back as they were. Default: as the driver has it. */
  readonly backForwardCache?: boolean;
}

export interface Engine {
  /** As options and files spell it. */
  readonly name: string;
  /** As people spell it. */
  readonly title: string;
  /** What its numbers are to be read with. */
  readonly caveats: readonly string[];
  isInstalled(): boolean;
  openProfile(folder: string, options?: ProfileOptions): Promise<Profile>;
}
