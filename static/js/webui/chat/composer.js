// Where a message is written: keys, files that are pasted or dropped, the button that
// sends or stops. Says what was asked for and knows nothing of conversations.
import { part } from "./dom.js";

const COMPOSING = 229; // the key code while an input method is at work

export class Composer extends EventTarget {
  constructor(form, { attachments, preferences, words }) {
    super();
    Object.assign(this, { form, attachments, preferences, words });
    this.field = part(form, "text");
    this.button = part(form, "send");
    this.picker = part(form, "picker");
    this.attach = part(form, "attach");
    this.running = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("keydown", (event) => this.press(event));
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("paste", (event) => this.paste(event));
    attachments.addEventListener("change", () => this.changed());
    this.attach.addEventListener("click", () => this.picker.click());
    this.picker.addEventListener("change", () => {
      attachments.add(this.picker.files);
      this.picker.value = "";
    });
    this.watchDrops();
    this.changed();
  }

  /** Whether this key press sends, after the person's choice; never while composing. */
  sends(event) {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === COMPOSING) {
      return false;
    }
    const combined = event.ctrlKey || event.metaKey;
    if (this.preferences.get("enter") === "newline") {
      return combined;
    }
    return !event.shiftKey && !event.altKey;
  }

  press(event) {
    if (this.sends(event)) {
      event.preventDefault();
      if (!this.running) {
        this.submit();
      }
    } else if (event.key === "ArrowUp" && !this.field.value && !event.isComposing) {
      event.preventDefault();
      this.tell("editlast");
    }
  }

  submit() {
    if (this.running) {
      this.tell("stop");
    } else if (this.field.value.trim() || this.attachments.files.length) {
      this.tell("send");
    }
  }

  take() {
    const text = this.field.value.trim();
    this.field.value = "";
    this.changed();
    return text;
  }

  set(text) {
    this.field.value = text;
    this.changed();
    this.focus();
  }

  focus() {
    this.field.focus();
  }

  /** Text of an office program comes with a picture of itself: then the text is meant. */
  paste(event) {
    const files = [...event.clipboardData.files];
    if (files.length && !event.clipboardData.getData("text/plain")) {
      event.preventDefault();
      this.attachments.add(files);
    }
  }

  watchDrops() {
    const page = document.getElementById("chat");
    const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    page.addEventListener("dragover", (event) => {
      if (hasFiles(event)) {
        event.preventDefault();
        page.classList.add("dropping");
      }
    });
    page.addEventListener("dragleave", (event) => {
      if (!page.contains(event.relatedTarget)) {
        page.classList.remove("dropping");
      }
    });
    page.addEventListener("drop", (event) => {
      page.classList.remove("dropping");
      if (hasFiles(event)) {
        event.preventDefault();
        this.attachments.add(event.dataTransfer.files);
        this.focus();
      }
    });
  }

  /** The field grows with its text (see the style sheet), the button says what it does. */
  changed() {
    part(this.form, "grower").dataset.text = this.field.value;
    const empty = !this.field.value.trim() && !this.attachments.files.length;
    this.button.disabled = !this.running && empty;
    this.button.classList.toggle("stops", this.running);
    this.button.setAttribute("aria-label", this.running ? this.words.stop : this.words.send);
  }

  show({ running, takesFiles, imagesOnly }) {
    this.running = running;
    this.attach.disabled = !takesFiles;
    this.picker.accept = imagesOnly ? "image/png,image/jpeg,image/webp,image/gif" : "";
    this.changed();
  }

  tell(kind) {
    this.dispatchEvent(new Event(kind));
  }
}
