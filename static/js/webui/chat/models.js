// The models on offer: read from the gateway, named, and chosen from a list.
import { fill, make, part, stamp } from "./dom.js";

const KINDS = ["chat", "image", "image_edit", "video"];
const FRESH_MS = 60_000;

export class Models extends EventTarget {
  constructor(button, panel, { address, words, preferences }) {
    super();
    Object.assign(this, { button, panel, address, words, preferences });
    this.list = [];
    this.state = "loading";
    panel.element.addEventListener("change", ({ target }) => this.choose(target.value));
    panel.element.addEventListener("click", ({ target }) => {
      if (target.closest("label")) {
        panel.close();
      }
    });
    panel.addEventListener("opened", () => Date.now() - this.readAt > FRESH_MS && this.load());
  }

  async load() {
    this.readAt = Date.now();
    try {
      const answer = await fetch(this.address, { signal: AbortSignal.timeout(15_000) });
      if (!answer.ok) {
        throw new Error(`models: ${answer.status}`);
      }
      this.list = (await answer.json()).data;
      this.state = this.list.some((model) => model.available !== false) ? "ready" : "none";
    } catch (error) {
      console.info("models are not known:", error);
      this.state = this.list.length ? this.state : "unreachable";
    }
    this.pick();
    this.draw();
    this.dispatchEvent(new Event("change"));
    this.dispatchEvent(new Event("loaded"));
  }

  /** What was chosen, or the first chat model that answers now. */
  pick() {
    const usable = this.list.filter((model) => model.available !== false);
    const wanted = this.find(this.current?.id) ?? this.find(this.preferences.get("model"));
    const plain = usable.find((model) => model.capability === "chat" && model.tier === "basic");
    this.current = wanted ?? plain ?? usable[0] ?? this.list[0] ?? null;
  }

  get kind() {
    return this.current?.capability ?? "chat";
  }

  /** As the API has it: small pictures by fours, changes by pairs. */
  get mostPictures() {
    if (this.kind === "image_edit") {
      return 2;
    }
    return /-lite$/.test(this.current?.id ?? "") ? 4 : 10;
  }

  /** The entry of a model that an older conversation names, if it is still on offer. */
  find(id) {
    return this.list.find((model) => model.id === id);
  }

  nameOf(id) {
    return this.find(id)?.name ?? id;
  }

  /** `lasts`: new conversations begin with it too. */
  choose(id, { lasts = true } = {}) {
    const found = this.find(id);
    if (found) {
      this.current = found;
      if (lasts) {
        this.preferences.set("model", id);
      }
      this.draw();
      this.dispatchEvent(new Event("change"));
    }
  }

  draw() {
    const { words } = this;
    part(this.button, "name").textContent = this.current?.name ?? words.noModel;
    this.button.setAttribute(
      "aria-label",
      fill(words.modelIs, { model: this.current?.name ?? words.noModel }),
    );
    const groups = KINDS.map((kind) => this.list.filter((model) => model.capability === kind));
    part(this.panel.element, "models").replaceChildren(
      ...groups.flatMap((models, index) =>
        models.length ? [this.group(words[`kind_${KINDS[index]}`], models)] : [],
      ),
    );
  }

  group(title, models) {
    return make(
      "fieldset",
      { className: "model-group" },
      make("legend", { textContent: title }),
      ...models.map((model) => this.choice(model)),
    );
  }

  choice(model) {
    const row = stamp("template-model");
    const field = row.querySelector("input");
    field.value = model.id;
    field.checked = model.id === this.current?.id;
    part(row, "name").textContent = model.name;
    part(row, "id").textContent = model.id;
    part(row, "tier").textContent = model.tier ?? "";
    part(row, "tier").hidden = !model.tier;
    part(row, "tier").dataset.tier = model.tier ?? "";
    const available = model.available !== false;
    row.classList.toggle("off", !available);
    part(row, "now").textContent = available ? this.words.availableNow : this.words.notNow;
    return row;
  }
}
