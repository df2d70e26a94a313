import { setTimeout as pause } from 'node:timers/promises';
import { answerWith } from '../front-server.ts';
import type { Row } from '../row.ts';

/** Ways in which storage fails, as scripts that run before any of the page's. */
const faults: readonly { readonly fault: string; readonly script: () => void }[] = [
  {
    fault: 'localStorage throws',
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

interface ClosedOn503 extends Pick<Row, 'name' | 'what'> {
  readonly script: () => void;
  readonly openForMs: number;
}

const closedOn503 = ({ name, what, script, openForMs }: ClosedOn503): Row => ({
  name,
  what,
  async run(scene) {
    await scene.profile.addInitScript(script);
    const page = await scene.open();
    await pause(openForMs); // what the row is about
    scene.front.inject(answerWith(503));
    await scene.track(page, 20);
    await page.close();
  },
});

// A profile keeps its init scripts: storage is as broken at the return visit.
export const storage: readonly Row[] = faults.flatMap(({ fault, script }): readonly Row[] => [
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
    what: 'a page tracks as soon as it is ready, and is closed; what is sent at the end is refused',
    script,
    openForMs: 0,
  }),
  closedOn503({
    name: `${fault}, tab closed after 1 s, 503`,
    what: 'the same with a page that has been open for 1 s: a database is open by then',
    script,
    openForMs: 1_000,
  }),
]);
