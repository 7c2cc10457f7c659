// Which microphone and which speaker, and how loud the microphone is.
import * as microphone from "./microphone.js";

const CHECK_MS = 100;
const PERCENT = 100;

export class Devices {
  /** `used` is told of a choice: `microphone(id)`, `speaker(id)`. */
  constructor(form, levels, used) {
    this.form = form;
    this.levels = levels;
    this.used = used;
    this.meter = form.querySelector("[data-level]");
    this.button = form.querySelector("[data-check]");
    this.fields = { microphone: form.elements.microphone, speaker: form.elements.speaker };
    this.ticker = 0;
    this.track = null;
    form.querySelector("[data-speaker]").hidden = !("setSinkId" in HTMLMediaElement.prototype);
    for (const [name, field] of Object.entries(this.fields)) {
      field.addEventListener("change", () => used[name](field.value));
    }
    this.button.addEventListener("click", () => used.check());
    navigator.mediaDevices?.addEventListener("devicechange", () => this.list());
    this.list();
  }

  get chosen() {
    return { microphone: this.fields.microphone.value, speaker: this.fields.speaker.value };
  }

  /** Names are known once the microphone was allowed. */
  async list() {
    const kinds = { microphone: "audioinput", speaker: "audiooutput" };
    for (const [name, kind] of Object.entries(kinds)) {
      const found = await microphone.devices(kind);
      this.fill(this.fields[name], found.filter((one) => one.deviceId !== "default"));
    }
  }

  fill(field, found) {
    const before = field.value;
    const options = found.map((one) => new Option(one.label, one.deviceId));
    field.replaceChildren(field.options[0], ...options);
    field.value = found.some((one) => one.deviceId === before) ? before : "";
  }

  get checking() {
    return this.track !== null;
  }

  /** Listen to the microphone without a session, or stop that. Throws a Problem. */
  async check() {
    if (this.checking) {
      this.stop();
      return;
    }
    microphone.check();
    this.track = await microphone.open(this.fields.microphone.value);
    this.levels.follow("microphone", this.track);
    this.button.setAttribute("aria-pressed", "true");
    this.measure(true);
    await this.list();
  }

  stop() {
    this.track?.stop();
    this.track = null;
    this.button.setAttribute("aria-pressed", "false");
    this.levels.close();
    this.measure(false);
  }

  /** Show the level ten times a second. */
  measure(on) {
    clearInterval(this.ticker);
    this.meter.value = 0;
    if (on) {
      const show = () => {
        this.meter.value = Math.round(this.levels.of("microphone") * PERCENT);
      };
      this.ticker = setInterval(show, CHECK_MS);
    }
  }
}
