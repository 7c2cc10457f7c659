// The reference picture: chosen, pasted, dropped, or one of the wall.
import { words } from "../shell/words.js";
import { part } from "./dom.js";

const LIMIT_MS = 5 * 60 * 1000;
const KINDS = ["image/png", "image/jpeg", "image/webp", "image/gif"];

export class Reference {
  /** `changed()` after every change; `complain(text)` for a file that cannot be used. */
  constructor(form, { uploads, largest, token, changed, complain }) {
    Object.assign(this, { form, uploads, largest, token, changed, complain });
    this.kept = null; // {reference: id} or {picture: id}
    this.sending = null;
    part(form, "file").addEventListener("change", ({ target }) => {
      this.offer(target.files);
      target.value = "";
    });
    part(form, "reference-remove").addEventListener("click", () => {
      this.clear();
      part(form, "file").focus();
    });
    document.addEventListener("paste", (event) => this.offer(event.clipboardData?.files, event));
    this.takeDrops(part(form, "drop"));
  }

  get waits() {
    return this.sending !== null;
  }

  get some() {
    return this.kept !== null || this.waits;
  }

  takeDrops(area) {
    for (const type of ["dragenter", "dragover"]) {
      area.addEventListener(type, (event) => {
        if (event.dataTransfer?.types.includes("Files")) {
          event.preventDefault();
          area.classList.add("over");
        }
      });
    }
    for (const type of ["dragleave", "drop"]) {
      area.addEventListener(type, () => area.classList.remove("over"));
    }
    area.addEventListener("drop", (event) => this.offer(event.dataTransfer?.files, event));
  }

  offer(files, event) {
    const file = [...(files ?? [])].find((one) => KINDS.includes(one.type));
    if (!files?.length) {
      return;
    }
    event?.preventDefault();
    if (!file) {
      this.complain(words.noImage);
    } else if (file.size > this.largest) {
      this.complain(words.largeImage);
    } else {
      this.send(file);
    }
  }

  async send(file) {
    this.clear({ quiet: true });
    const request = new XMLHttpRequest();
    this.sending = request;
    this.show(URL.createObjectURL(file), file.name || words.pasted);
    try {
      const id = await this.answer(request, file);
      if (this.sending === request) {
        this.kept = { reference: id };
      }
    } catch (error) {
      if (this.sending === request) {
        this.clear({ quiet: true });
        this.complain(error.message || words.notSent);
      }
    }
    if (this.sending === request) {
      this.sending = null;
    }
    part(this.form, "reference-progress").hidden = true;
    this.changed();
  }

  answer(request, file) {
    const bar = part(this.form, "reference-progress");
    bar.hidden = false;
    bar.removeAttribute("value");
    return new Promise((resolve, reject) => {
      request.open("POST", this.uploads);
      request.timeout = LIMIT_MS;
      request.responseType = "json";
      request.setRequestHeader("X-CSRFToken", this.token);
      request.upload.addEventListener("progress", ({ lengthComputable, loaded, total }) => {
        if (lengthComputable) {
          bar.value = (100 * loaded) / total;
        }
      });
      request.addEventListener("load", () => {
        const { response, status } = request;
        if (status < 300 && response?.id) {
          resolve(response.id);
        } else {
          reject(new Error(response?.error?.message ?? ""));
        }
      });
      for (const type of ["error", "timeout", "abort"]) {
        request.addEventListener(type, () => reject(new Error("")));
      }
      const body = new FormData();
      body.append("file", file, file.name || "reference");
      request.send(body);
    });
  }

  /** One of the wall. */
  use({ id, url }, name) {
    this.clear({ quiet: true });
    this.kept = { picture: id };
    this.show(url, name);
  }

  show(url, name) {
    part(this.form, "reference").hidden = false;
    part(this.form, "reference-image").src = url;
    part(this.form, "reference-name").textContent = name;
    part(this.form, "pick").hidden = true;
    part(this.form, "reference-hint").hidden = true;
    this.changed();
  }

  clear({ quiet = false } = {}) {
    const request = this.sending;
    this.sending = null;
    request?.abort();
    this.kept = null;
    const image = part(this.form, "reference-image");
    if (image.src.startsWith("blob:")) {
      URL.revokeObjectURL(image.src);
    }
    image.removeAttribute("src");
    part(this.form, "reference").hidden = true;
    part(this.form, "pick").hidden = false;
    part(this.form, "reference-hint").hidden = false;
    if (!quiet) {
      this.changed();
    }
  }
}
