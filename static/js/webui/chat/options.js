// The choices that a kind of model offers, kept for each kind; the settings of the page
// sit in the same sheet.
import { part } from "./dom.js";

export class Options extends EventTarget {
  constructor(panel, preferences) {
    super();
    Object.assign(this, { panel, preferences, kind: "chat" });
    this.form = panel.element.querySelector("form");
    this.form.addEventListener("input", () => this.keep());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      panel.close();
    });
    part(this.form, "reset").addEventListener("click", () => this.reset());
  }

  get fields() {
    return [...this.form.querySelectorAll(`[data-kinds~="${this.kind}"] [name]`)];
  }

  /** No more pictures than the model makes, whatever was set for another one. */
  get chosen() {
    const chosen = this.preferences.get("options")[this.kind] ?? {};
    const most = Number(this.form.elements.n.max);
    return Number(chosen.n) > most ? { ...chosen, n: String(most) } : chosen;
  }

  /** `most`: how many pictures at once this model makes. */
  show(kind, most = 10) {
    this.kind = kind;
    this.form.elements.n.max = most;
    for (const row of this.form.querySelectorAll("[data-kinds]")) {
      row.hidden = !row.dataset.kinds.split(" ").includes(kind);
    }
    const { chosen } = this;
    for (const field of this.fields) {
      if (field.type === "checkbox") {
        field.checked = chosen[field.name] ?? field.defaultChecked;
      } else {
        field.value = chosen[field.name] ?? standard(field);
      }
    }
    this.mark();
  }

  keep() {
    const chosen = {};
    for (const field of this.fields) {
      const value = field.type === "checkbox" ? field.checked : field.value;
      const usual = field.type === "checkbox" ? field.defaultChecked : standard(field);
      if (value !== usual && field.validity.valid) {
        chosen[field.name] = value;
      }
    }
    this.preferences.set("options", { ...this.preferences.get("options"), [this.kind]: chosen });
    this.mark();
  }

  reset() {
    this.preferences.set("options", { ...this.preferences.get("options"), [this.kind]: {} });
    this.show(this.kind);
  }

  /** How many differ from the usual, so that nothing set here is forgotten. */
  mark() {
    const count = Object.keys(this.chosen).length;
    const mark = part(this.panel.button, "count");
    mark.textContent = count;
    mark.hidden = !count;
  }
}

function standard(field) {
  if (field.tagName === "SELECT") {
    const usual = [...field.options].find((option) => option.defaultSelected);
    return (usual ?? field.options[0]).value;
  }
  return field.defaultValue;
}
