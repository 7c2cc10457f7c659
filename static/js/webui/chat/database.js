// The database of this browser that holds conversations. Knows its stores and how to
// wait for a request, and nothing of what is in the rows.
const NAME = "webui-chat";
const VERSION = 1;

export function promised(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Settles when everything of a transaction is on disk, or none of it. */
export function finished(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
  });
}

/** null where the browser keeps nothing, as some do in private windows. */
export async function openDatabase() {
  try {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => build(request.result);
    const database = await promised(request);
    database.onversionchange = () => database.close();
    return database;
  } catch (error) {
    console.info("conversations are not kept:", error);
    return null;
  }
}

function build(database) {
  database.createObjectStore("sessions", { keyPath: "id" });
  const messages = database.createObjectStore("messages", { keyPath: "id" });
  messages.createIndex("session", ["session", "order"]);
  database.createObjectStore("blobs", { keyPath: "id" });
}

/** Random, and available without https too, where randomUUID is not. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
