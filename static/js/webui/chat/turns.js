// Answers that are being written, each by the conversation it belongs to. Turns frames of
// the socket into changes of a record, saves them, and tells whoever shows them.
import { fold } from "./frames.js";

const SAVE_MS = 2000;
const LINE_MS = 15_000;
const STOP_MS = 1500;
export const AT_ONCE = 2;
const RUNNING = new Set(["sending", "thinking", "streaming"]);

export const isRunning = (record) => RUNNING.has(record.state);

export class Turns extends EventTarget {
  constructor(store, socket) {
    super();
    this.store = store;
    this.socket = socket;
    this.live = new Map();
    socket.addEventListener("frame", ({ detail }) => this.read(detail));
    socket.addEventListener("lost", () => this.loseAll());
    socket.addEventListener("refused", () => this.loseAll());
    document.addEventListener("visibilitychange", () => document.hidden && this.saveAll());
    window.addEventListener("pagehide", () => store.journal(this.records()));
    setInterval(() => this.saveAll(), SAVE_MS);
    store.channel?.addEventListener("message", ({ data }) => this.answerRollCall(data));
  }

  records() {
    return Array.from(this.live.values(), (turn) => turn.record);
  }

  of(session) {
    return this.records().find((record) => record.session === session);
  }

  /** The record as it is being written here, or as it was read. */
  current(record) {
    return this.live.get(record.id)?.record ?? record;
  }

  get busy() {
    return this.live.size >= AT_ONCE;
  }

  /** An answer is wanted: from now on it is running, and tells its "change"s. */
  async begin(record) {
    record.owner = this.store.tab;
    record.state = "sending";
    this.live.set(record.id, { record, began: performance.now(), dirty: true, asked: false });
    this.tell(record);
    await this.save(record.id);
  }

  /** Ask for it, unless it was stopped meanwhile. */
  async ask(record, request) {
    const line = await this.socket.ready(LINE_MS);
    const turn = this.live.get(record.id);
    if (!turn) {
      return;
    }
    turn.asked = true;
    if (!line) {
      await this.fail(record, { code: "unreachable", message: "" });
    } else if (!this.socket.send({ type: "start", id: record.id, ...request })) {
      await this.end(record, "interrupted");
    }
  }

  async fail(record, error) {
    if (this.live.has(record.id)) {
      record.error = error;
      await this.end(record, "failed");
    }
  }

  /** What has arrived stays, and what is on its way is waited for a moment. */
  async stop(record) {
    const turn = this.live.get(record.id);
    if (!turn) {
      return;
    }
    if (!turn.asked || !this.socket.send({ type: "stop", id: record.id })) {
      await this.end(record, "stopped");
      return;
    }
    await new Promise((resolve) => {
      turn.over = resolve;
      setTimeout(resolve, STOP_MS);
    });
    if (this.live.has(record.id)) {
      await this.end(record, "stopped");
    }
  }

  read(frame) {
    const turn = this.live.get(frame.id);
    if (!turn) {
      return;
    }
    const { record } = turn;
    const elapsed = Math.round(performance.now() - turn.began);
    const state = fold(record, frame, elapsed);
    turn.dirty = true;
    if (state === "going") {
      this.tell(record, frame);
    } else {
      this.end(record, state);
    }
  }

  async end(record, state) {
    const turn = this.live.get(record.id);
    record.state = state;
    record.totalMs = Math.round(performance.now() - turn.began);
    closeThought(record);
    this.live.delete(record.id);
    this.tell(record);
    turn.over?.();
    await this.store.putMessage(record);
    await this.store.patchSession(record.session, { updated: Date.now() });
  }

  /** What was asked on the line that broke is lost with it; what waits for one goes on. */
  loseAll() {
    this.live.forEach((turn) => turn.asked && this.end(turn.record, "interrupted"));
  }

  saveAll() {
    this.live.forEach((turn, id) => turn.dirty && this.save(id));
  }

  async save(id) {
    const turn = this.live.get(id);
    turn.dirty = false;
    await this.store.putMessage(turn.record);
  }

  tell(record, frame = null) {
    this.dispatchEvent(new CustomEvent("change", { detail: { record, frame } }));
  }

  /** Another tab asks who writes an answer that it found unfinished. */
  answerRollCall(data) {
    if (data.kind === "who" && this.live.has(data.id)) {
      this.store.tell("here", { id: data.id });
    }
  }

  /** Whether some other tab is at work on this record. */
  isWrittenElsewhere(record) {
    const { channel } = this.store;
    if (!channel || this.live.has(record.id)) {
      return Promise.resolve(false);
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(false), 700);
      const hear = ({ data }) => data.kind === "here" && data.id === record.id && settle(true);
      const settle = (found) => {
        clearTimeout(timer);
        channel.removeEventListener("message", hear);
        resolve(found);
      };
      channel.addEventListener("message", hear);
      this.store.tell("who", { id: record.id });
    });
  }

  /** An unfinished answer that nobody writes any more was interrupted. What the tab that
      wrote it could save at its end is read first. */
  async adopt({ id }) {
    if (this.live.has(id) || (await this.isWrittenElsewhere({ id }))) {
      return false;
    }
    await this.store.recover();
    const record = await this.store.row("messages", id);
    if (!record || !isRunning(record)) {
      return false;
    }
    record.state = "interrupted";
    record.owner = this.store.tab;
    closeThought(record);
    await this.store.putMessage(record);
    this.store.hear({ kind: "message", session: record.session, id });
    return true;
  }
}

function closeThought(record) {
  if (record.reasoning && !record.reasoningMs) {
    record.reasoningMs = record.totalMs ?? 0;
  }
}
