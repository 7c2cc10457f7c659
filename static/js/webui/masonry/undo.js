// The way back for what was deleted last: beside the wall, and in the viewer while it is
// open, since nothing else can be reached then.
import { fill, words } from "../shell/words.js";
import { make, part } from "./dom.js";

export class Undo {
  constructor(root, dialog, { bring, close }) {
    this.boxes = [part(root, "undo"), part(dialog, "viewer-undo")];
    this.bring = bring;
    this.close = close;
  }

  offer(token, count) {
    const text = count === 1 ? words.deletedOne : fill(words.deletedMany, { count });
    for (const box of this.boxes) {
      const back = make("button", { type: "button", className: "button", textContent: words.undo });
      back.addEventListener("click", async () => {
        back.disabled = true;
        if (await this.bring(token)) {
          this.clear(words.restored);
        } else {
          back.disabled = false;
        }
      });
      const shut = make("button", { type: "button", className: "button", textContent: words.dismiss });
      shut.addEventListener("click", () => {
        this.clear();
        this.close();
      });
      box.replaceChildren(make("p", { textContent: text }), back, shut);
    }
  }

  clear(text = "") {
    for (const box of this.boxes) {
      box.replaceChildren(...(text ? [make("p", { textContent: text })] : []));
    }
  }
}
