// Where conversations are kept: out and in as files, and plain words when the browser has
// no room for them.
import { fill, part } from "./dom.js";
import { exportAll, FormatError, importFrom } from "./portable.js";

export class Keeping {
  constructor(parts) {
    Object.assign(this, parts);
    const { root, store } = this;
    this.picker = part(root, "import-picker");
    part(root, "export").addEventListener("click", () => this.out());
    part(root, "import").addEventListener("click", () => this.picker.click());
    this.picker.addEventListener("change", () => this.bringIn());
    store.addEventListener("full", ({ detail }) => this.sayFull(detail));
    if (!store.lasting) {
      this.sayNothingKept();
    }
  }

  async out() {
    const count = await exportAll(this.store);
    this.notices.say(fill(this.words.exported, { count }), { name: "exported" });
  }

  async bringIn() {
    const [file] = this.picker.files;
    this.picker.value = "";
    try {
      const count = await importFrom(this.store, file);
      this.notices.say(fill(this.words.imported, { count }), { name: "imported" });
    } catch (error) {
      if (!(error instanceof FormatError)) {
        throw error;
      }
      this.notices.say(fill(this.words.notImported, { name: file.name }), { kind: "error" });
    }
    await this.sessions.read();
  }

  sayFull({ full }) {
    if (!full) {
      this.notices.drop("full");
      return;
    }
    this.notices.say(this.words.storageFull, {
      kind: "error",
      name: "full",
      actions: [{ label: this.words.exportNow, act: () => this.out() }],
    });
  }

  sayNothingKept() {
    this.notices.say(this.words.nothingKept, {
      kind: "wait",
      name: "full",
      stays: true,
      actions: [{ label: this.words.exportNow, act: () => this.out() }],
    });
  }
}
