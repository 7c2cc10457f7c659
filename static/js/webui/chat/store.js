// Conversations as rows: reads, guarded writes, and word of them to other tabs. What the
// disk refuses is held in memory, so that it can still be shown and exported.
import { finished, newId, openDatabase, promised } from "./database.js";

const CHANNEL = "webui-chat";
const JOURNAL = "webui_chat_unsaved:";
const JOURNAL_CHARS = 2_000_000;

export class Store extends EventTarget {
  constructor(database) {
    super();
    this.database = database;
    this.tab = newId();
    this.held = { sessions: new Map(), messages: new Map(), blobs: new Map() };
    this.full = false;
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(CHANNEL) : null;
    this.channel?.addEventListener("message", ({ data }) => this.hear(data));
  }

  static async open() {
    const store = new Store(await openDatabase());
    await store.recover();
    return store;
  }

  get lasting() {
    return this.database !== null;
  }

  hear(data) {
    this.dispatchEvent(new CustomEvent(data.kind, { detail: data }));
  }

  tell(kind, detail) {
    this.channel?.postMessage({ kind, ...detail });
  }

  async row(name, id) {
    const held = this.held[name].get(id);
    if (held || !this.database) {
      return held;
    }
    return promised(this.database.transaction(name).objectStore(name).get(id));
  }

  /** All conversations that are not deleted, those with the newest word first. */
  async sessions() {
    const rows = this.database
      ? await promised(this.database.transaction("sessions").objectStore("sessions").getAll())
      : [];
    const known = new Map(rows.map((row) => [row.id, row]));
    this.held.sessions.forEach((row, id) => known.set(id, row));
    return [...known.values()]
      .filter((row) => !row.deleted)
      .sort((one, other) => other.updated - one.updated);
  }

  async messages(session) {
    const rows = this.database
      ? await promised(
          this.database
            .transaction("messages")
            .objectStore("messages")
            .index("session")
            .getAll(IDBKeyRange.bound([session, -Infinity], [session, Infinity])),
        )
      : [];
    const known = new Map(rows.map((row) => [row.id, row]));
    this.held.messages.forEach((row, id) => row.session === session && known.set(id, row));
    return [...known.values()].sort((one, other) => one.order - other.order);
  }

  /** Change these fields of a conversation and leave the others as any tab left them. */
  async patchSession(id, fields) {
    await this.write("sessions", id, (row) => ({ ...row, ...fields, id }));
    this.tell("session", { session: id });
  }

  /** Save an answer or a question, unless another tab has written a newer one. */
  async putMessage(record) {
    record.rev = (record.rev ?? 0) + 1;
    const mine = structuredClone(record);
    await this.write("messages", record.id, (row) => (newer(row, mine) ? row : mine));
    this.tell("message", { session: record.session, id: record.id });
  }

  async putBlob(id, blob) {
    await this.write("blobs", id, () => ({ id, blob }));
  }

  async blob(id) {
    return (await this.row("blobs", id))?.blob ?? null;
  }

  async removeMessages(records) {
    records.forEach((record) => this.held.messages.delete(record.id));
    await this.change(["messages"], (messages) =>
      records.forEach((record) => messages.delete(record.id)),
    );
    this.tellThread(records);
  }

  async restoreMessages(records) {
    for (const record of records) {
      await this.write("messages", record.id, () => record);
    }
    this.tellThread(records);
  }

  tellThread(records) {
    new Set(records.map((record) => record.session)).forEach((session) =>
      this.tell("thread", { session }),
    );
  }

  /** Forget conversations that were deleted before this time, with all that is in them. */
  async purge(before) {
    if (!this.database) {
      return;
    }
    const all = await promised(
      this.database.transaction("sessions").objectStore("sessions").getAll(),
    );
    for (const gone of all.filter((row) => row.deleted && row.deleted < before)) {
      const rows = await this.messages(gone.id);
      await this.change(["sessions", "messages", "blobs"], (sessions, messages, blobs) => {
        sessions.delete(gone.id);
        rows.forEach((row) => {
          messages.delete(row.id);
          row.attachments?.forEach((file) => blobs.delete(file.id));
        });
      });
    }
  }

  async change(names, work) {
    if (!this.database) {
      return;
    }
    const transaction = this.database.transaction(names, "readwrite");
    work(...names.map((name) => transaction.objectStore(name)));
    await finished(transaction);
  }

  /** One row by `make` from what is there now; held in memory if the disk refuses. */
  async write(name, id, make) {
    if (!this.database) {
      this.held[name].set(id, make(this.held[name].get(id)));
      return;
    }
    let row = null;
    try {
      const transaction = this.database.transaction(name, "readwrite");
      const rows = transaction.objectStore(name);
      const reading = rows.get(id);
      reading.onsuccess = () => {
        row = make(this.held[name].get(id) ?? reading.result);
        rows.put(row);
      };
      await finished(transaction);
      this.held[name].delete(id);
      this.sayFull(this.full && this.unsaved > 0);
    } catch (error) {
      console.info("not saved:", error);
      this.held[name].set(id, row ?? make(this.held[name].get(id)));
      this.sayFull(true);
    }
  }

  get unsaved() {
    return Object.values(this.held).reduce((sum, rows) => sum + rows.size, 0);
  }

  sayFull(full) {
    if (full !== this.full) {
      this.full = full;
      this.dispatchEvent(new CustomEvent("full", { detail: { full } }));
    }
  }

  /** The page goes away: nothing asynchronous is sure to end, this is. */
  journal(records) {
    for (const record of records) {
      const text = JSON.stringify({ ...record, rev: (record.rev ?? 0) + 1 });
      try {
        localStorage.setItem(JOURNAL + record.id, text.length < JOURNAL_CHARS ? text : "");
      } catch (error) {
        console.info("no room for what was not saved:", error);
      }
      this.putMessage(record);
    }
  }

  /** Save what a page that went away could only write down. */
  async recover() {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(JOURNAL));
    for (const key of keys) {
      const text = localStorage.getItem(key);
      localStorage.removeItem(key);
      if (text) {
        const record = JSON.parse(text);
        await this.write("messages", record.id, (row) => (newer(row, record) ? row : record));
      }
    }
  }
}

/** Whether what is kept says more than what is to be written over it. */
function newer(kept, record) {
  if (!kept || kept.owner === record.owner) {
    return Boolean(kept) && (kept.rev ?? 0) > record.rev;
  }
  return (kept.rev ?? 0) >= record.rev;
}
