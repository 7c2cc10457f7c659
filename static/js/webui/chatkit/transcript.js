// What is said, as far as the room tells it: a line for each piece of speech.
import { words } from "../shell/words.js";

const MOST = 400;
const STILL_MS = 2000;
const NEAR_PX = 40;

export class Transcript {
  constructor(log, list, empty) {
    this.log = log;
    this.list = list;
    this.empty = empty;
    this.lines = new Map();
  }

  /** Rooms tell a piece again and again while it grows: `id` says that it is the same. */
  write({ id, own, text, final }) {
    if (!text.trim()) {
      return;
    }
    const line = this.lines.get(id) ?? this.add(id, own);
    line.textContent = text;
    this.empty.hidden = true;
    this.grows(!final);
    if (this.atEnd) {
      this.log.scrollTop = this.log.scrollHeight;
    }
  }

  add(id, own) {
    this.atEnd = this.isAtEnd();
    const item = document.createElement("li");
    const speaker = document.createElement("span");
    const said = document.createElement("p");
    item.className = own ? "own" : "other";
    speaker.className = "speaker";
    speaker.textContent = own ? words.you : words.grok;
    item.append(speaker, said);
    this.list.append(item);
    this.lines.set(id, said);
    if (this.lines.size > MOST) {
      this.lines.delete(this.lines.keys().next().value);
      this.list.firstElementChild.remove();
    }
    return said;
  }

  /** A line is read out when it is whole, or has stood still for a while. */
  grows(growing) {
    clearTimeout(this.timer);
    this.log.setAttribute("aria-busy", String(growing));
    if (growing) {
      this.timer = setTimeout(() => this.grows(false), STILL_MS);
    }
  }

  isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    return scrollHeight - scrollTop - clientHeight < NEAR_PX;
  }

  clear() {
    this.lines.clear();
    this.list.replaceChildren();
    this.empty.hidden = false;
  }
}
