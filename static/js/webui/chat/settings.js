// The dialog with the keys of the page and the choices about them.
import { part } from "./dom.js";

export class Settings {
  constructor(dialog, { root, preferences, composer }) {
    Object.assign(this, { dialog, preferences, composer });
    part(root, "help-button").addEventListener("click", () => this.show());
    part(dialog, "help-close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
    dialog.addEventListener("close", () => this.before?.focus());
    dialog.addEventListener("change", ({ target }) => this.keep(target));
    this.read();
  }

  read() {
    for (const field of this.dialog.querySelectorAll("[name=enter]")) {
      field.checked = field.value === this.preferences.get("enter");
    }
    this.dialog.querySelector("[name=shortcuts]").checked = this.preferences.get("shortcuts");
    part(this.dialog, "newline-key").hidden = this.preferences.get("enter") === "newline";
    part(this.dialog, "send-key").hidden = this.preferences.get("enter") === "newline";
    part(this.dialog, "combined-key").hidden = this.preferences.get("enter") !== "newline";
  }

  keep(field) {
    this.preferences.set(field.name, field.type === "checkbox" ? field.checked : field.value);
    this.read();
  }

  show() {
    this.before = document.activeElement;
    this.read();
    this.dialog.showModal();
  }
}
