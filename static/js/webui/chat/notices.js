// Short words above the composer, with one thing to do about them. They stay until closed
// or answered, but for confirmations, which leave by themselves.
import { make, part, stamp } from "./dom.js";

const STAY_MS = 12_000;

export class Notices {
  constructor(box) {
    this.box = box;
    this.named = new Map();
  }

  /** `name`: at most one of these at a time. */
  say(text, { kind = "info", name = text, actions = [], stays = kind === "error" } = {}) {
    this.drop(name);
    const row = stamp("template-notice");
    row.dataset.kind = kind;
    row.setAttribute("role", kind === "error" ? "alert" : "status");
    const drop = () => this.drop(name);
    part(row, "close").addEventListener("click", drop);
    for (const { label, act } of actions) {
      const button = make("button", { type: "button", textContent: label });
      button.addEventListener("click", () => {
        drop();
        act();
      });
      part(row, "close").before(button);
    }
    this.box.append(row);
    part(row, "text").textContent = text;
    this.named.set(name, { row, timer: stays ? 0 : this.leave(row, drop) });
  }

  /** Not while it is pointed at or has the focus. */
  leave(row, drop) {
    return setInterval(() => !row.matches(":hover, :focus-within") && drop(), STAY_MS);
  }

  drop(name) {
    const known = this.named.get(name);
    if (known) {
      clearInterval(known.timer);
      known.row.remove();
      this.named.delete(name);
    }
  }
}
