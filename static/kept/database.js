/**
 * What this browser keeps: who is logged in, how the page looks, and messages on their way. Nothing else outlives a
 * reload, and nothing of it opens an account: the refresh token is in a cookie that no script reads.
 * @module
 */

const NAME = 'parley';
/** 2: no refresh token is kept here any more. */
const VERSION = 2;

/** Pauses before further tries, in milliseconds. */
const AGAIN_MS = [0, 50, 250];

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = ({ oldVersion }) => {
      const { result: database } = request;
      if (oldVersion >= 1) {
        // Version 1 kept a refresh token here. It cannot become a cookie: its person logs in once more.
        database.deleteObjectStore('account');
      } else {
        const outbox = database.createObjectStore('outbox', { keyPath: 'n', autoIncrement: true });
        outbox.createIndex('cid', 'cid', { unique: true });
        outbox.createIndex('user', 'user');
      }
      database.createObjectStore('account');
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      // Another tab upgrades, or the browser clears: open anew next time.
      database.onversionchange = () => {
        database.close();
        opened = null;
      };
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
  // A log-out has the browser clear what pages keep, and that closes the database under our hands: open it anew.
  for (const pause of AGAIN_MS) {
    try {
      return await attempt(store, mode, work);
    } catch {
      opened = null;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return attempt(store, mode, work);
}

/**
 * @template T
 * @param {'account' | 'outbox'} store
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} work
 * @returns {Promise<T>}
 */
async function attempt(store, mode, work) {
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
