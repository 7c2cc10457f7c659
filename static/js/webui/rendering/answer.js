// The text of one answer on the page, while it comes and when it is kept.
import { listen } from "./copying.js";
import { frames } from "./frames.js";
import { LONG, LONG_MS, REST, SLICE, UNREAD } from "./limits.js";
import { Reader } from "./reader.js";
import { Sheet } from "./sheet.js";

/** `words`: texts of the page (webui.words.answer). `origins`: where pictures may come from
    besides this host. `measure(address)`: [width, height] of a picture, if known. */
function settings({ words, origins = [], measure = () => null }) {
  return { words, origins, measure };
}

const listening = new WeakSet();

export class Answer {
  /** Replaces what stands in `element`. */
  constructor(element, options) {
    const kept = settings(options);
    this.sheet = new Sheet(element, kept);
    this.reader = new Reader(this.sheet);
    this.pending = [];
    this.length = 0;
    this.isWhole = false;
    this.isBehind = false;
    this.ready = 0;
    this.drawn = new Promise((resolve) => {
      this.resolve = resolve;
    });
    if (!listening.has(element)) {
      listening.add(element);
      listen(element, kept.words);
    }
  }

  write(text) {
    if (text) {
      this.length += text.length;
      for (let at = 0; at < text.length; at += SLICE) {
        this.pending.push(text.slice(at, at + SLICE));
      }
      frames.ask(this);
    }
  }

  /** Nothing will follow. Resolves when all is drawn. */
  finish() {
    this.isWhole = true;
    frames.ask(this);
    return this.drawn;
  }

  /** For `frames`: draw until the deadline; true when nothing is left. */
  step(deadline) {
    if (this.sheet.isGone) {
      this.resolve();
      return true;
    }
    const start = performance.now();
    if (start < this.ready) {
      return false;
    }
    let done = false;
    do {
      done = this.read(deadline);
    } while (!done && performance.now() < deadline);
    const now = performance.now();
    const rest = (now - start) * REST;
    this.ready = start + Math.max(rest, this.length > LONG ? LONG_MS : 0);
    return done;
  }

  /** One slice, or what is left of the one before; true when nothing is left. */
  read(deadline) {
    const slice = this.isBehind ? "" : this.take();
    const last = this.isWhole && !this.pending.length;
    this.isBehind = !this.reader.read(slice, last, deadline);
    const done = !this.isBehind && !this.pending.length;
    if (done && last) {
      this.resolve();
    }
    return done;
  }

  /** Small pieces that came since the last frame are read together. */
  take() {
    const most = this.reader.mode ? SLICE * UNREAD : SLICE;
    let slice = "";
    while (this.pending.length && slice.length + this.pending[0].length <= most) {
      slice += this.pending.shift();
    }
    return slice;
  }
}

/** An answer that is all there. Resolves when it is drawn, which may take some frames. */
export function render(element, text, options) {
  const answer = new Answer(element, options);
  answer.write(text);
  answer.finish();
  frames.begin(answer);
  return answer.drawn;
}
