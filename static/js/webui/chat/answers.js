// One answer of a model on the page: thinking, steps, text, pictures, sources, what it
// cost and what went wrong. Shows a record as it is and each frame as it comes.
import { Answer, render } from "../rendering/answer.js";
import { fill, part, secondsText, stamp } from "./dom.js";
import { describe } from "./failures.js";
import { facts } from "./facts.js";
import { drawMedia } from "./media.js";
import { drawSources, drawTools } from "./sources.js";
import { isRunning } from "./turns.js";

const TICK_MS = 1000;

function thoughtName({ reasoningMs = 0 }, words) {
  return reasoningMs < 1000
    ? words.thoughts
    : fill(words.thoughtFor, { time: secondsText(reasoningMs) });
}

export class AnswerView {
  constructor(record, page) {
    Object.assign(this, { record, page });
    this.element = stamp("template-answer");
    this.element.dataset.message = record.id;
    this.thoughts = part(this.element, "reasoning");
    this.body = part(this.element, "body");
    this.answer = null;
    this.thoughtShown = 0;
    this.restore();
  }

  part(name) {
    return part(this.element, name);
  }

  /** Draw all that the record says. */
  restore() {
    const { record } = this;
    this.body.replaceChildren();
    this.answer = null;
    this.thoughtShown = 0;
    this.written = 0;
    this.part("thought").textContent = "";
    this.showThought();
    if (isRunning(record)) {
      this.write(record.text);
    } else if (record.text) {
      render(this.body, record.text, { words: this.page.words });
    }
    drawTools(this.part("tools"), record.tools, this.page);
    drawMedia(this.part("media"), record.media, this.page);
    this.settle();
  }

  write(text) {
    if (text) {
      this.answer ??= new Answer(this.body, { words: this.page.words });
      this.answer.write(text);
      this.written += text.length;
    }
  }

  /** Another tab has written on: show what is new. */
  refresh(record) {
    this.record = record;
    if (!isRunning(record) && !this.answer) {
      this.restore();
      return;
    }
    this.showThought();
    this.write(record.text.slice(this.written));
    drawTools(this.part("tools"), record.tools, this.page);
    drawMedia(this.part("media"), record.media, this.page);
    this.settle();
  }

  apply(frame) {
    switch (frame?.type) {
      case "text":
        this.write(frame.text);
        break;
      case "reasoning":
        this.showThought();
        break;
      case "tool":
        drawTools(this.part("tools"), this.record.tools, this.page);
        break;
      case "media":
        drawMedia(this.part("media"), this.record.media, this.page);
        break;
      default:
    }
    this.settle();
  }

  /** Only what is new is added: thoughts can be as long as a book. */
  showThought() {
    const { reasoning } = this.record;
    this.thoughts.hidden = !reasoning;
    if (reasoning.length > this.thoughtShown) {
      this.part("thought").append(reasoning.slice(this.thoughtShown));
      this.thoughtShown = reasoning.length;
    }
  }

  settle() {
    const { record } = this;
    const running = isRunning(record);
    if (!running && this.answer) {
      this.answer.finish();
      this.answer = null;
    }
    this.element.dataset.state = record.state;
    this.part("working").hidden = !running || record.state === "streaming";
    this.part("actions").hidden = running;
    this.tick();
    this.nameThought();
    drawSources(this.part("sources"), running ? [] : record.citations, this.page);
    this.showEnd();
  }

  nameThought() {
    const { record, page } = this;
    const thinking = isRunning(record) && record.state !== "streaming";
    this.thoughts.classList.toggle("live", thinking);
    this.part("thought-name").textContent = thinking
      ? page.words.thinking
      : thoughtName(record, page.words);
    if (this.wasThinking && !thinking) {
      this.thoughts.open = false;
    }
    this.wasThinking = thinking;
  }

  /** The seconds that one waits are counted on the page. */
  tick() {
    const { record, page } = this;
    const waiting = isRunning(record) && record.state !== "streaming";
    if (!waiting) {
      clearInterval(this.timer);
      this.timer = null;
      return;
    }
    this.timer ??= setInterval(() => this.element.isConnected && this.tick(), TICK_MS);
    const word = record.state === "sending" ? page.words.sending : page.words.thinking;
    const time = secondsText(Math.floor((Date.now() - record.created) / 1000) * 1000);
    this.part("working-word").textContent = `${word} ${time}`;
  }

  showEnd() {
    const { record, page } = this;
    const cut = record.state === "stopped" || record.state === "interrupted";
    this.part("cut").hidden = !cut;
    this.part("cut-word").textContent =
      record.state === "stopped" ? page.words.stopped : page.words.interrupted;
    const failed = record.state === "failed";
    const box = this.part("failure");
    box.hidden = !failed;
    if (failed) {
      const { cause, advice } = describe(record.error ?? {}, page.words);
      this.part("cause").textContent = cause;
      this.part("advice").textContent = advice;
      this.part("advice").hidden = !advice;
    }
    this.showFacts();
  }

  showFacts() {
    const { record, page } = this;
    this.part("facts").textContent = isRunning(record) ? "" : facts(record, page);
  }

  close() {
    clearInterval(this.timer);
  }
}
