// What a person does with the open conversation: write, stop, copy, change, remove, undo.
import { copyText } from "../../clipboard.js";
import { fill, part } from "./dom.js";
import { exportMarkdown } from "./portable.js";
import { AT_ONCE } from "./turns.js";

export class Actions {
  constructor(parts) {
    Object.assign(this, parts);
    const { composer, sessions, root } = this;
    composer.addEventListener("send", () => this.send());
    composer.addEventListener("stop", () => this.stop());
    composer.addEventListener("editlast", () => this.editLast());
    sessions.addEventListener("wanted", ({ detail }) => this.want(detail));
    sessions.addEventListener("chosen", () => this.drawer.leave());
    window.addEventListener("hashchange", () => this.follow());
    root.addEventListener("click", ({ target }) => {
      if (target.closest("[data-new]")) {
        this.begin();
      }
      const suggestion = target.closest("[data-suggestion]");
      if (suggestion) {
        composer.set(suggestion.dataset.suggestion);
      }
    });
  }

  /** The address names the open conversation, so that a reload comes back to it. */
  async follow() {
    const id = location.hash.slice(1);
    const known = id && (await this.store.row("sessions", id));
    if (id && (!known || known.deleted)) {
      history.replaceState(null, "", location.pathname);
    }
    const wanted = known && !known.deleted ? id : "";
    if (wanted !== this.conversation.id || !this.opened) {
      this.opened = true;
      await this.conversation.open(wanted);
    }
  }

  begin() {
    if (this.conversation.id) {
      history.pushState(null, "", location.pathname);
      this.follow();
    }
    this.drawer.leave();
    this.composer.focus();
  }

  get choice() {
    const { models, options } = this;
    return { model: models.current?.id, kind: models.kind, options: options.chosen };
  }

  /** Why nothing can be asked now, or "". */
  get obstacle() {
    const { words, turns, conversation, models } = this;
    if (!models.current) {
      return words.noModel;
    }
    if (conversation.running) {
      return words.stillWriting;
    }
    return turns.busy ? fill(words.twoAtOnce, { most: AT_ONCE }) : this.attachments.conflict;
  }

  async send() {
    if (this.sending) {
      return;
    }
    this.sending = true;
    try {
      await this.ask();
    } finally {
      this.sending = false;
    }
  }

  async ask() {
    const { composer, attachments, conversation, scrolling } = this;
    if (this.refused()) {
      return;
    }
    if (attachments.files.some((file) => !file.upload)) {
      this.speaker.tell(this.words.waitingForFiles);
      if (!(await attachments.settled()) || this.refused()) {
        return;
      }
    }
    const files = await attachments.handOver();
    const text = composer.take();
    scrolling.toEnd();
    conversation.ask(text, files, this.choice);
  }

  refused() {
    const { obstacle } = this;
    if (obstacle) {
      this.notices.say(obstacle, { kind: "error", name: "obstacle" });
    } else {
      this.notices.drop("obstacle");
    }
    return Boolean(obstacle);
  }

  async stop() {
    const { running } = this.conversation;
    if (running) {
      await this.turns.stop(running);
      this.composer.focus();
    }
  }

  escape(event) {
    if (this.drawer.isOver) {
      this.drawer.leave({ focus: true });
    } else if (this.conversation.running) {
      event.preventDefault();
      this.stop();
    } else {
      document.activeElement?.blur();
    }
  }

  act(action, id, button) {
    const record = this.conversation.records.find((one) => one.id === id);
    const acts = {
      copy: () => this.copy(record, button),
      edit: () => this.edit(record),
      again: () => this.again(record),
      remove: () => this.remove(record),
    };
    acts[action]?.();
  }

  async copy(record, button = part(this.root, "heading")) {
    await copyText(record.text, button);
    this.notices.say(this.words.copied, { name: "copied" });
  }

  copyLast() {
    const record = this.conversation.lastAnswer;
    if (record) {
      this.copy(record);
    }
  }

  editLast() {
    const record = this.conversation.lastQuestion;
    if (record && !this.conversation.running) {
      this.edit(record);
    }
  }

  edit(record) {
    const { conversation, words } = this;
    const count = conversation.after(record);
    this.thread.edit(record.id, {
      cut: count ? fill(words.editCuts, { count }) : "",
      save: (text) => this.resend(record, text),
    });
  }

  async resend(record, text) {
    if (this.refusedAgain()) {
      return;
    }
    const session = this.conversation.id;
    const gone = await this.conversation.cutFrom(record);
    this.offerUndo(session, gone);
    await this.conversation.ask(text, record.attachments ?? [], this.choice);
  }

  /** Another answer to the same question: this one goes, with what follows. */
  async again(record) {
    if (this.refusedAgain()) {
      return;
    }
    const session = this.conversation.id;
    const gone = await this.conversation.cutFrom(record);
    this.offerUndo(session, gone);
    await this.conversation.askAgain(this.choice);
  }

  /** Files of the composer are for the next message, not for this one. */
  refusedAgain() {
    const { words, turns, models } = this;
    const full = turns.busy && !this.conversation.running;
    const obstacle = models.current ? full && fill(words.twoAtOnce, { most: AT_ONCE }) : words.noModel;
    if (obstacle) {
      this.notices.say(obstacle, { kind: "error", name: "obstacle" });
    }
    return Boolean(obstacle);
  }

  /** A question goes with its answer. */
  async remove(record) {
    const { records, id } = this.conversation;
    const next = records[records.indexOf(record) + 1];
    const gone = record.role === "user" && next?.role === "assistant" ? [record, next] : [record];
    await this.conversation.remove(gone);
    this.offerUndo(id, gone);
    this.composer.focus();
  }

  offerUndo(session, gone) {
    if (!gone.some((record) => record.text || record.media?.length)) {
      return;
    }
    this.notices.say(fill(this.words.removedMessages, { count: gone.length }), {
      name: "undo",
      actions: [
        { label: this.words.undo, act: () => this.conversation.restore(session, gone) },
      ],
    });
  }

  async want({ action, id, title }) {
    const { store } = this;
    const acts = {
      rename: () => store.patchSession(id, { title, named: true }),
      pin: () => store.patchSession(id, { pinned: true }),
      unpin: () => store.patchSession(id, { pinned: false }),
      markdown: async () => exportMarkdown(store, await store.row("sessions", id), this.words),
      remove: () => this.removeSession(id),
    };
    await acts[action]?.();
    await this.sessions.read();
    this.sessions.list.querySelector(`[data-session="${id}"] [data-menu]`)?.focus();
  }

  async removeSession(id) {
    const running = this.turns.of(id);
    if (running) {
      await this.turns.stop(running);
    }
    const session = await this.store.row("sessions", id);
    await this.store.patchSession(id, { deleted: Date.now() });
    if (this.conversation.id === id) {
      this.begin();
    }
    this.notices.say(fill(this.words.removedSession, { title: session.title }), {
      name: "undo",
      actions: [{ label: this.words.undo, act: () => this.bringBack(id) }],
    });
  }

  async bringBack(id) {
    await this.store.patchSession(id, { deleted: 0 });
    await this.sessions.read();
    location.hash = id;
  }
}
