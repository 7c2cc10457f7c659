// The open conversation: asks, asks again, changes and removes, and keeps the rows and
// the page in step. History is a line: what follows a changed message goes, with undo.
import { newId } from "./database.js";
import { filesToSend, requestOf } from "./requests.js";
import { isRunning } from "./turns.js";

const TITLE_CHARS = 60;
const SILENT_MS = 6000; // three saves of the tab that writes
export const UNDO_MS = 60 * 60 * 1000;

export class Conversation extends EventTarget {
  constructor({ store, turns, uploads, thread }) {
    super();
    Object.assign(this, { store, turns, uploads, thread });
    this.id = "";
    this.records = [];
    turns.addEventListener("change", ({ detail }) => this.hear(detail));
    store.addEventListener("message", ({ detail }) => this.followMessage(detail));
    store.addEventListener("thread", ({ detail }) => this.followThread(detail));
  }

  /** Show one; what was asked elsewhere goes on being written there. */
  async open(id) {
    this.id = id;
    this.session = id ? await this.store.row("sessions", id) : null;
    const rows = id ? await this.store.messages(id) : [];
    if (this.id !== id) {
      return; // another one was chosen meanwhile
    }
    this.records = rows.map((row) => this.turns.current(row));
    this.thread.show(this.records);
    this.tell("opened");
    for (const record of this.records.filter(isRunning)) {
      if (!(await this.turns.adopt(record)) && !this.turns.live.has(record.id)) {
        this.watch(record);
      }
    }
  }

  get running() {
    return this.turns.of(this.id);
  }

  get lastQuestion() {
    return this.records.findLast((record) => record.role === "user");
  }

  get lastAnswer() {
    return this.records.findLast((record) => record.role === "assistant");
  }

  begin(text) {
    const title = text.replace(/\s+/g, " ").trim().slice(0, TITLE_CHARS);
    this.id = newId();
    const now = Date.now();
    const fields = { title, pinned: false, created: now, updated: now };
    this.session = { ...fields, id: this.id };
    return fields;
  }

  nextOrder() {
    return (this.records.at(-1)?.order ?? 0) + 1;
  }

  /** All of it is on the page at once, and on disk before it is sent. */
  async ask(text, attachments, choice) {
    const fields = this.id ? null : this.begin(text || attachments[0]?.name || "");
    const question = {
      id: newId(),
      session: this.id,
      role: "user",
      order: this.nextOrder(),
      owner: this.store.tab,
      created: Date.now(),
      text,
      attachments,
    };
    this.add(question);
    const { record, before } = this.expect(choice.model);
    if (fields) {
      await this.store.patchSession(record.session, fields);
      this.tell("begun", { id: record.session });
    }
    await this.store.putMessage(question);
    await this.answer(record, before, choice);
  }

  /** Write another answer to all that is there now. */
  async askAgain(choice) {
    const { record, before } = this.expect(choice.model);
    await this.answer(record, before, choice);
  }

  add(record) {
    this.records.push(record);
    this.thread.append(record);
  }

  expect(model) {
    const before = [...this.records];
    const record = {
      ...{ id: newId(), session: this.id, role: "assistant", order: this.nextOrder() },
      ...{ owner: this.store.tab, created: Date.now(), state: "sending", model },
      ...{ text: "", reasoning: "", tools: [], citations: [], media: [] },
    };
    this.add(record);
    this.turns.begin(record);
    this.tell("asked");
    return { record, before };
  }

  async answer(record, before, { model, kind, options }) {
    let gone = [];
    try {
      gone = await this.uploads.refresh(filesToSend(kind, before));
    } catch (error) {
      await this.turns.fail(record, { code: "unreachable", message: error.message });
      return;
    }
    const { request, dropped } = requestOf({ model, kind, options, messages: before });
    if (gone.length || dropped) {
      this.tell("shortened", { gone, dropped });
    }
    await this.store.patchSession(record.session, { updated: Date.now(), model });
    await this.turns.ask(record, request);
  }

  /** Take away this message and what follows; returns what is gone. */
  async cutFrom(record) {
    const gone = this.records.filter((one) => one.order >= record.order);
    await this.remove(gone);
    return gone;
  }

  after(record) {
    return this.records.filter((one) => one.order > record.order).length;
  }

  async remove(gone) {
    for (const record of gone) {
      await this.turns.stop(record);
    }
    this.records = this.records.filter((one) => !gone.includes(one));
    this.thread.remove(gone.map((record) => record.id));
    await this.store.removeMessages(gone);
    this.tell("changed");
  }

  /** Undo: also of what was written since in their place. */
  async restore(session, gone) {
    const place = Math.min(...gone.map((record) => record.order));
    const last = Math.max(...gone.map((record) => record.order));
    const rows = await this.store.messages(session);
    const since = rows.filter((row) => row.order >= place && row.created > gone.at(-1).created);
    // What was asked meanwhile stays, after what comes back.
    for (const [index, row] of since.entries()) {
      const moved = this.turns.current(row);
      moved.order = last + 1 + index;
      await this.store.putMessage(moved);
    }
    await this.store.restoreMessages(gone);
    if (this.id === session) {
      await this.open(session);
    }
  }

  hear({ record, frame }) {
    if (record.session === this.id) {
      this.thread.apply(record, frame);
      this.forgetUploads(record);
    }
    this.tell("turn", { record, frame });
  }

  /** The gateway has thrown files away: they are brought again when it is tried again. */
  forgetUploads({ error }) {
    if (error?.code === "upload_gone") {
      const files = this.records.flatMap((record) => record.attachments ?? []);
      files.forEach((file) => (file.upload = null));
    }
  }

  async followMessage({ session, id }) {
    if (session !== this.id) {
      return;
    }
    const row = await this.store.row("messages", id);
    const index = this.records.findIndex((record) => record.id === id);
    if (!row || this.id !== session || this.turns.live.has(id)) {
      return;
    }
    if (index < 0) {
      this.records.push(row);
      this.records.sort((one, other) => one.order - other.order);
    } else {
      this.records[index] = row;
    }
    this.thread.refresh(row);
    this.tell("changed");
    if (isRunning(row)) {
      this.watch(row);
    }
  }

  /** The tab that writes may be closed: then nobody says that it was interrupted. */
  watch(row) {
    clearTimeout(this.watching);
    this.watching = setTimeout(async () => {
      if (this.id === row.session) {
        await this.turns.adopt(row);
      }
    }, SILENT_MS);
  }

  async followThread({ session }) {
    if (session === this.id) {
      await this.open(session);
    }
  }

  tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
