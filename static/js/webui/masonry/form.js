// What to draw and how: the fields, what of them goes together, and keeping choices.
import { words } from "../shell/words.js";
import { part } from "./dom.js";
import { showFault } from "./faults.js";

const KEY = "gateway.masonry";
const KEPT = ["aspect_ratio", "quality", "count", "mode", "rounds", "minutes"];
const MOST_EDITS = 2;

export class Form {
  constructor(element) {
    this.element = element;
    this.fields = element.elements;
    this.restore();
    element.addEventListener("change", () => this.fit());
    this.fields.prompt.addEventListener("input", () => this.blame(""));
  }

  /** A reference makes pairs, and upstream chooses their shape. */
  fit(referred = this.referred ?? false) {
    this.referred = referred;
    part(this.element, "limits").hidden = this.fields.mode.value !== "continuous";
    part(this.element, "ratios").disabled = referred;
    part(this.element, "qualities").disabled = referred;
    part(this.element, "reference-terms").hidden = !referred;
    const { count } = this.fields;
    for (const option of count.options) {
      option.disabled = referred && Number(option.value) > MOST_EDITS;
    }
    if (referred && Number(count.value) > MOST_EDITS) {
      this.before = count.value;
      count.value = String(MOST_EDITS);
    } else if (!referred && this.before) {
      count.value = this.before;
      this.before = "";
    }
    this.keep();
  }

  /** The members of a start frame, or null with the fault at its field. */
  read() {
    const { fields } = this;
    const prompt = fields.prompt.value.trim();
    if (!prompt) {
      this.blame(words.noPrompt);
      fields.prompt.focus();
      return null;
    }
    const wanted = {
      prompt,
      aspect_ratio: fields.aspect_ratio.value,
      quality: fields.quality.value,
      count: Number(fields.count.value),
      mode: fields.mode.value,
    };
    if (wanted.mode === "continuous") {
      wanted.rounds = within(fields.rounds);
      wanted.minutes = within(fields.minutes);
    }
    if (fields.nsfw) {
      wanted.nsfw = fields.nsfw.checked;
    }
    return wanted;
  }

  /** Choose what a round was drawn with. */
  fill({ prompt, aspect_ratio, quality, count }) {
    this.fields.prompt.value = prompt;
    this.fields.aspect_ratio.value = aspect_ratio;
    this.fields.quality.value = quality;
    this.fields.count.value = String(count);
    this.blame("");
    this.fit();
  }

  blame(text) {
    const fault = part(this.element, "prompt-fault");
    fault.textContent = text;
    fault.hidden = !text;
    this.fields.prompt.toggleAttribute("aria-invalid", Boolean(text));
    if (text) {
      this.fields.prompt.setAttribute("aria-invalid", "true");
    }
  }

  stand({ running, text, fault = null }) {
    part(this.element, "stop").hidden = !running;
    part(this.element, "start").textContent = running ? words.startOver : words.start;
    part(this.element, "status").textContent = text;
    showFault(part(this.element, "fault"), fault);
  }

  keep() {
    const chosen = KEPT.map((name) => [name, this.fields[name].value]);
    try {
      localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(chosen)));
    } catch {
      // they hold for this page only
    }
  }

  restore() {
    let kept = {};
    try {
      kept = JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      // nothing that can be read was kept
    }
    for (const name of KEPT.filter((one) => typeof kept[one] === "string")) {
      const field = this.fields[name];
      const before = field.value;
      field.value = kept[name];
      field.value ||= before;
    }
    this.fit(false);
  }
}

function within(field) {
  const value = Math.round(Number(field.value)) || Number(field.defaultValue);
  const held = Math.min(Number(field.max), Math.max(Number(field.min), value));
  field.value = String(held);
  return held;
}
