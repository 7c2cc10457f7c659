// One message of the person on the page: text and files, and the form to edit it.
import { dateText, icon, make, part, sizeText, stamp } from "./dom.js";
import { isImage } from "./attachments.js";

export class QuestionView {
  constructor(record, page) {
    Object.assign(this, { record, page, urls: [] });
    this.element = stamp("template-question");
    this.element.dataset.message = record.id;
    part(this.element, "text").textContent = record.text;
    part(this.element, "text").hidden = !record.text;
    this.element.title = dateText(record.created);
    this.drawFiles();
  }

  async drawFiles() {
    const { attachments = [] } = this.record;
    const box = part(this.element, "files");
    box.hidden = !attachments.length;
    // Places first, so that nothing moves when the pictures come.
    const places = attachments.map((file) => box.appendChild(place(file)));
    for (const [index, file] of attachments.entries()) {
      const blob = isImage(file) ? await this.page.store.blob(file.id) : null;
      if (blob) {
        const url = URL.createObjectURL(blob);
        this.urls.push(url);
        places[index].dataset.picture = url;
        places[index].replaceChildren(make("img", { src: url, alt: file.name }));
      }
    }
  }

  apply() {}

  close() {
    this.urls.forEach((url) => URL.revokeObjectURL(url));
  }

  get editing() {
    return this.element.classList.contains("editing");
  }

  edit({ cut, save }) {
    if (this.editing) {
      this.field.focus();
      return;
    }
    const form = stamp("template-edit");
    this.field = form.querySelector("textarea");
    this.field.value = this.record.text;
    part(form, "cut").textContent = cut;
    part(form, "cut").hidden = !cut;
    this.form = form;
    this.element.classList.add("editing");
    part(this.element, "bubble").after(form);
    part(form, "cancel").addEventListener("click", () => this.leave());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.field.value.trim();
      if (text || this.record.attachments?.length) {
        this.leave();
        save(text);
      }
    });
    form.addEventListener("keydown", (event) => this.press(event));
    this.field.focus();
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
  }

  press(event) {
    if (event.isComposing || event.keyCode === 229) {
      return;
    }
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.leave();
    } else if (event.target === this.field && this.page.sends(event)) {
      event.preventDefault();
      this.form.requestSubmit();
    }
  }

  leave() {
    this.form.remove();
    this.element.classList.remove("editing");
    this.page.focusComposer();
  }
}

function place(file) {
  const tag = isImage(file) ? "button" : "span";
  const chip = make(tag, { className: isImage(file) ? "sent-picture" : "sent-file" });
  if (tag === "button") {
    chip.type = "button";
    chip.setAttribute("aria-label", file.name);
    chip.append(icon("image"));
    return chip;
  }
  chip.append(
    icon("file"),
    make("span", { className: "file-name", textContent: file.name }),
    make("span", { className: "file-size", textContent: sizeText(file.size) }),
  );
  return chip;
}
