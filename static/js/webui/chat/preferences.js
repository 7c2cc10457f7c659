// What a person has chosen for this page, in this browser.
const KEY = "webui_chat_preferences";
const DEFAULTS = { enter: "send", shortcuts: true, list: true, model: "", options: {} };

function read() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch (error) {
    console.info("preferences are not kept:", error);
    return { ...DEFAULTS };
  }
}

export class Preferences {
  constructor() {
    this.values = read();
    window.addEventListener("storage", ({ key }) => key === KEY && (this.values = read()));
  }

  get(name) {
    return this.values[name];
  }

  set(name, value) {
    this.values[name] = value;
    try {
      localStorage.setItem(KEY, JSON.stringify(this.values));
    } catch (error) {
      console.info("preferences are not kept:", error);
    }
  }
}
