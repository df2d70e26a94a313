import type { Page } from '../faults/engine.ts';

/** Everything a page's origin has stored in the browser, as text, by place. What is empty is not there. */
export async function storedBy(page: Page): Promise<Readonly<Record<string, string>>> {
  const stored = await page.evaluate(async () => {
    const places: Record<string, string> = { cookie: document.cookie };
    for (const [name, storage] of Object.entries({ localStorage, sessionStorage })) {
      places[name] = storage.length === 0 ? '' : JSON.stringify({ ...storage });
    }
    const settled = <R>(request: IDBRequest<R>): Promise<R> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    /** Bytes as the text they may be. */
    const plain = (_: string, value: unknown): unknown =>
      value instanceof ArrayBuffer || ArrayBuffer.isView(value)
        ? new TextDecoder().decode(value as AllowSharedBufferSource)
        : value;
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await settled(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const records = database.transaction(store).objectStore(store);
        const [keys, values] = await Promise.all([settled(records.getAllKeys()), settled(records.getAll())]);
        if (keys.length > 0) places[`indexedDB ${name} ${store}`] = JSON.stringify([keys, values], plain);
      }
      database.close();
    }
    const caches = await window.caches?.keys().catch(() => []);
    places.caches = caches?.length ? JSON.stringify(caches) : '';
    return places;
  });
  return Object.fromEntries(Object.entries(stored).filter(([, text]) => text !== ''));
}
