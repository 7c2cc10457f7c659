// Keeps the page's words and buttons true to what is going on: line, models, answer.
import { fill, part } from "./dom.js";
import { isRunning } from "./turns.js";

const PATIENCE_MS = 3000;

export class State {
  constructor(parts) {
    Object.assign(this, parts);
    const { conversation, models, attachments, socket } = this;
    conversation.addEventListener("opened", () => this.opened());
    conversation.addEventListener("begun", ({ detail }) => this.begun(detail.id));
    conversation.addEventListener("asked", () => this.asked());
    conversation.addEventListener("changed", () => this.show());
    conversation.addEventListener("shortened", ({ detail }) => this.shortened(detail));
    conversation.addEventListener("turn", ({ detail }) => this.heard(detail));
    models.addEventListener("change", () => this.modelChanged());
    models.addEventListener("loaded", () => this.modelsKnown());
    attachments.addEventListener("change", () => this.hint());
    socket.addEventListener("lost", () => this.lost());
    socket.addEventListener("open", () => this.found());
    socket.addEventListener("refused", () => this.refused());
  }

  at(name) {
    return part(this.root, name);
  }

  opened() {
    const { conversation, models, scrolling } = this;
    models.choose(conversation.session?.model, { lasts: false });
    this.sessions.shows(conversation.id);
    this.speaker.tell("");
    scrolling.toEnd();
    this.name();
    this.show();
    if (matchMedia("(pointer: fine)").matches) {
      this.composer.focus();
    }
  }

  name() {
    const { conversation, words } = this;
    const title = conversation.session?.title ?? "";
    this.at("heading").textContent = title || words.newConversation;
    document.title = fill(words.pageTitle, { title: title || words.newConversation });
  }

  async begun(id) {
    if (this.conversation.id === id) {
      history.pushState(null, "", `#${id}`);
      this.name();
      this.sessions.open = id;
    }
    await this.sessions.read();
  }

  asked() {
    this.speaker.tell(this.words.sending);
    this.scrolling.toEnd();
    this.show();
  }

  show() {
    const { composer, conversation, attachments } = this;
    composer.show({
      running: Boolean(conversation.running),
      takesFiles: attachments.takesFiles,
      imagesOnly: attachments.rule.images,
    });
    this.hint();
  }

  /** What was opened before the models were known is put right. */
  modelsKnown() {
    const { conversation, models, thread } = this;
    if (!this.known) {
      this.known = true;
      models.choose(conversation.session?.model, { lasts: false });
    }
    thread.nameModels();
  }

  modelChanged() {
    const { models, options, attachments } = this;
    attachments.kind = models.kind;
    options.show(models.kind, models.mostPictures);
    this.root.dataset.kind = models.kind;
    this.at("no-accounts").hidden = models.state !== "none";
    this.at("no-models").hidden = models.state !== "unreachable";
    for (const box of this.root.querySelectorAll("[data-for]")) {
      box.hidden = box.dataset.for !== models.kind;
    }
    this.show();
  }

  hint() {
    const { attachments, words, models } = this;
    const placeholder = words[`ask_${models.kind}`];
    this.composer.field.placeholder = placeholder;
    const text = attachments.files.length || models.kind === "image_edit" ? attachments.conflict : "";
    this.at("hint").textContent = text;
    this.at("hint").hidden = !text;
  }

  shortened({ gone, dropped }) {
    const { words, notices } = this;
    if (dropped) {
      notices.say(fill(words.oldestDropped, { count: dropped }), { name: "dropped" });
    }
    if (gone.length) {
      const names = gone.map((file) => file.name).join(", ");
      notices.say(fill(words.filesGone, { names }), { name: "gone" });
    }
  }

  heard({ record, frame }) {
    const here = record.session === this.conversation.id;
    if (!isRunning(record)) {
      this.ended(record, here);
    } else if (here && frame?.type === "accepted") {
      this.speaker.tell(this.words.thinking);
    }
  }

  async ended(record, here) {
    const { words, speaker } = this;
    if (here) {
      speaker.tell(words[`said_${record.state}`]);
      this.show();
      return;
    }
    const session = await this.store.row("sessions", record.session);
    if (session) {
      const text = record.state === "failed" ? words.failedElsewhere : words.doneElsewhere;
      this.notices.say(fill(text, { title: session.title }), {
        name: `ended-${record.session}`,
        actions: [{ label: words.open, act: () => (location.hash = record.session) }],
      });
    }
  }

  lost() {
    this.waiting ??= setTimeout(() => {
      this.notices.say(this.words.lineLost, { name: "line", kind: "wait", stays: true });
    }, PATIENCE_MS);
  }

  found() {
    clearTimeout(this.waiting);
    this.waiting = null;
    this.notices.drop("line");
  }

  refused() {
    this.notices.say(this.words.signedOut, {
      kind: "error",
      name: "line",
      actions: [{ label: this.words.signIn, act: () => location.reload() }],
    });
  }
}
