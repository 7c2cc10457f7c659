// The list of conversations beside the thread; on a narrow screen it lies over it.
import { part } from "./dom.js";

const NARROW = matchMedia("(max-width: 56rem)");

export class Drawer {
  constructor(root, button, panel, preferences) {
    Object.assign(this, { root, button, panel, preferences });
    button.addEventListener("click", () => this.toggle());
    part(root, "shade").addEventListener("click", () => this.leave());
    part(panel, "drawer-close").addEventListener("click", () => this.leave({ focus: true }));
    NARROW.addEventListener("change", () => this.set(NARROW.matches ? false : preferences.get("list")));
    this.set(NARROW.matches ? false : preferences.get("list"));
  }

  get isOpen() {
    return this.root.classList.contains("with-list");
  }

  /** Open over the thread, which cannot be used meanwhile. */
  get isOver() {
    return NARROW.matches && this.isOpen;
  }

  set(open) {
    this.root.classList.toggle("with-list", open);
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    part(this.root, "room").inert = this.isOver;
  }

  toggle() {
    this.set(!this.isOpen);
    if (!NARROW.matches) {
      this.preferences.set("list", this.isOpen);
    } else if (this.isOpen) {
      part(this.panel, "drawer-close").focus();
    }
  }

  leave({ focus = false } = {}) {
    if (this.isOver) {
      this.set(false);
      if (focus) {
        this.button.focus();
      }
    }
  }

  search() {
    this.set(true);
    part(this.panel, "search").focus();
    part(this.panel, "search").select();
  }
}
