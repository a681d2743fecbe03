/**
 * What this browser keeps: the refresh token, and messages on their way. Nothing else outlives a reload.
 * @module
 */

const NAME = 'parley';
const VERSION = 1;

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('account');
      const outbox = request.result.createObjectStore('outbox', { keyPath: 'n', autoIncrement: true });
      outbox.createIndex('cid', 'cid', { unique: true });
      outbox.createIndex('user', 'user');
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      // Another tab upgrades, or the browser clears: open anew next time.
      database.onversionchange = () => database.close();
      database.onclose = () => {
        opened = null;
      };
      resolve(database);
    };
  });
}

/**
 * Do `work` in one transaction; the answer comes once it is kept on disk.
 * @template T
 * @param {'account' | 'outbox'} store
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} work
 * @returns {Promise<T>}
 */
export async function transact(store, mode, work) {
  opened ??= open().catch((error) => {
    opened = null;
    throw error;
  });
  const database = await opened;
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(store, mode, { durability: 'strict' });
    const request = work(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error ?? request.error);
  });
}
