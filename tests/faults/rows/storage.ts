import { setTimeout as pause } from 'node:timers/promises';
import { answerWith } from '../front-server.ts';
import type { Row } from '../row.ts';

interface Fault {
  readonly fault: string;
  readonly script: () => void;
  /** Nothing can be kept while a database is being opened, some 100 ms, and more on a busy machine. */
  readonly keepsNothingAtOnce?: boolean;
}

/** Ways in which storage fails, as scripts that run before any of the page's. */
const faults: readonly Fault[] = [
  {
    fault: 'localStorage throws',
    keepsNothingAtOnce: true,
    script: () => {
      Object.defineProperty(window, 'localStorage', {
        get() {
          throw new DOMException('The operation is insecure.', 'SecurityError');
        },
      });
    },
  },
  {
    fault: 'localStorage is full',
    keepsNothingAtOnce: true,
    script: () => {
      const refuse = (): never => {
        throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
      };
      Storage.prototype.setItem = refuse;
      // `localStorage[key] = value` asks no prototype.
      const storage = new Proxy(window.localStorage, {
        set: refuse,
        get(target, key) {
          const value: unknown = Reflect.get(target, key);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      Object.defineProperty(window, 'localStorage', { value: storage });
    },
  },
  {
    fault: 'localStorage ignores writes',
    keepsNothingAtOnce: true,
    script: () => {
      Storage.prototype.setItem = () => {};
      const storage = new Proxy(window.localStorage, {
        set: () => true,
        get(target, key) {
          const value: unknown = Reflect.get(target, key);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      Object.defineProperty(window, 'localStorage', { value: storage });
    },
  },
  {
    fault: 'IndexedDB missing',
    script: () => {
      Object.defineProperty(window, 'indexedDB', { value: undefined });
    },
  },
  {
    fault: 'IndexedDB throws',
    script: () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('The operation is insecure.', 'SecurityError');
      };
    },
  },
  {
    fault: 'IndexedDB never answers',
    script: () => {
      // A request to open a database that nobody works on.
      IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest;
    },
  },
];

interface ClosedOn503 extends Pick<Row, 'name' | 'what' | 'expected'> {
  readonly script: () => void;
  readonly openForMs?: number;
  /** Not before the client says that the events are stored, if it ever says so. */
  readonly isOnceStored?: boolean;
}

const closedOn503 = ({ script, openForMs = 0, isOnceStored = false, ...row }: ClosedOn503): Row => ({
  ...row,
  async run(scene) {
    await scene.profile.addInitScript(script);
    const page = await scene.open();
    await pause(openForMs); // what the row is about
    scene.front.inject(answerWith(503));
    await scene.track(page, 20);
    if (isOnceStored) await scene.stored(page);
    await page.close();
  },
});

// A profile keeps its init scripts: storage is as broken at the return visit.
export const storage: readonly Row[] = faults.flatMap(
  ({ fault, script, keepsNothingAtOnce = false }): readonly Row[] => [
    {
      name: `${fault}, same-task redirect, 20 × 0.5 KB`,
      what: 'one task tracks and leaves; storage is broken on both visits',
      async run(scene) {
        await scene.profile.addInitScript(script);
        await scene.track(await scene.open(), 20, { thenGo: scene.elsewhere });
      },
    },
    {
      name: `${fault}, same-task redirect, 60 × 2 KB`,
      what: 'the same with more than a page may have under way when it ends',
      async run(scene) {
        await scene.profile.addInitScript(script);
        const page = await scene.open();
        await scene.track(page, 60, { sizeBytes: 2_000, thenGo: scene.elsewhere });
      },
    },
    closedOn503({
      name: `${fault}, tab closed, 503`,
      what: keepsNothingAtOnce
        ? 'a page tracks, and is closed as soon as the events are said to be stored; what is sent at the end is refused'
        : 'a page tracks as soon as it is ready, and is closed; what is sent at the end is refused',
      script,
      isOnceStored: keepsNothingAtOnce,
    }),
    // Refused, and no place left: nobody can bring these.
    ...(keepsNothingAtOnce
      ? [
          closedOn503({
            name: `${fault}, tab closed at once, 503`,
            what: 'the same before anything is said to be stored',
            expected: 'either',
            script,
          }),
        ]
      : []),
    closedOn503({
      name: `${fault}, tab closed after 1 s, 503`,
      what: 'the same with a page that has been open for 1 s: a database is open by then',
      script,
      openForMs: 1_000,
    }),
  ],
);
