// Text that is shown as written, in pieces that a browser can lay out one by one. However
// long it grows, adding to it costs what the addition costs.
import { RUN } from "./limits.js";

const MANY = 4;

export class Runs {
  constructor(element) {
    this.element = element;
    this.text = null;
    this.count = 0;
  }

  write(text) {
    let rest = text;
    while (rest) {
      if (!this.text || this.isFull()) {
        this.begin();
      }
      const cut = this.cut(rest);
      this.text.appendData(rest.slice(0, cut));
      rest = rest.slice(cut);
    }
  }

  isFull() {
    const { data } = this.text;
    return this.text.length >= RUN && (data.endsWith("\n") || data.length >= 2 * RUN);
  }

  begin() {
    const run = document.createElement("span");
    run.className = "run";
    this.text = document.createTextNode("");
    run.append(this.text);
    this.element.append(run);
    this.count += 1;
    if (this.count === MANY) {
      this.element.classList.add("many");
    }
  }

  /** Up to the first line break behind the limit, or so far as fits without one. */
  cut(rest) {
    const room = Math.max(0, RUN - this.text.length);
    if (rest.length <= room) {
      return rest.length;
    }
    const line = rest.indexOf("\n", Math.max(0, room - 1));
    const most = 2 * RUN - this.text.length;
    return line >= 0 && line < most ? line + 1 : Math.min(rest.length, most);
  }
}
