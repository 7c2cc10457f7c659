// What the next session is to be like, remembered in this browser.

const KEY = "webui.voice";
const WISHES = ["voice", "personality", "speed", "instruction"];
const CUSTOM = "custom";

export class Settings {
  /** `form` has a field for each wish, and those of the devices. */
  constructor(form) {
    this.fields = form.elements;
    this.instruction = form.querySelector("[data-instruction]");
    this.note = form.querySelector("[data-next]");
    this.restore();
    this.unfold();
    form.addEventListener("change", () => {
      this.unfold();
      this.store();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  get wish() {
    const { voice, personality, speed, instruction } = this.fields;
    const own = personality.value === CUSTOM;
    return {
      voice: voice.value,
      personality: personality.value,
      speed: Number(speed.value),
      instruction: own ? instruction.value.trim() : "",
    };
  }

  /** Whether there is all that the personality needs; says so at the field if not. */
  complete() {
    const { personality, instruction } = this.fields;
    const missing = personality.value === CUSTOM && !instruction.value.trim();
    instruction.setAttribute("aria-invalid", String(missing));
    document.getElementById("instruction-error").hidden = !missing;
    if (missing) {
      instruction.focus();
    }
    return !missing;
  }

  /** Only a custom personality has an instruction. */
  unfold() {
    this.instruction.hidden = this.fields.personality.value !== CUSTOM;
  }

  /** While a session is on, changes are for the next one. */
  wait(waiting) {
    this.note.hidden = !waiting;
  }

  restore() {
    let kept = {};
    try {
      kept = JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      return; // storage is switched off, or holds something else
    }
    for (const name of WISHES) {
      const field = this.fields[name];
      const known = !field.options || [...field.options].some((one) => one.value === kept[name]);
      if (typeof kept[name] === "string" && known) {
        field.value = kept[name];
      }
    }
  }

  store() {
    const kept = Object.fromEntries(WISHES.map((name) => [name, this.fields[name].value]));
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // it holds for this page only
    }
  }
}
