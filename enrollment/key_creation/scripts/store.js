// The keys that wait in this browser (IndexedDB), each under the hex SHA-256 of its public key.
//
// A record: {id, home: "file" | "browser", owner, profile, algorithm, spki, request, escrow, made,
// sealed (file: DER of EncryptedPrivateKeyInfo) or privateKey (browser: a CryptoKey)}.

const NAME = "camtrust-keys";
const VERSION = 1;
const KEYS = "keys";

/** Keep a record; tell whether the browser did. Private windows and full disks refuse. */
export async function keep(record) {
  try {
    await inStore("readwrite", (store) => store.put(record));
    // What is not persistent, the browser may clear when it needs room.
    await navigator.storage?.persist?.();
    return true;
  } catch {
    return false;
  }
}

/** Return a record, or null. */
export async function find(id) {
  try {
    return (await inStore("readonly", (store) => store.get(id))) ?? null;
  } catch {
    return null;
  }
}

/** Return the newest record of an owner for a profile and a home, or null. */
export async function newest(owner, profile, home) {
  try {
    const all = await inStore("readonly", (store) => store.getAll());
    const fitting = all.filter(
      (one) => one.owner === owner && one.profile === profile && one.home === home,
    );
    return fitting.sort((one, other) => one.made.localeCompare(other.made)).at(-1) ?? null;
  } catch {
    return null;
  }
}

/** Remove a record. Throws what IndexedDB throws. */
export async function forget(id) {
  await inStore("readwrite", (store) => store.delete(id));
}

async function inStore(mode, act) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(KEYS, mode);
      const request = act(transaction.objectStore(KEYS));
      // Done when it is on the disk, not when it was asked for.
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => request.result.createObjectStore(KEYS, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked by another tab"));
  });
}
