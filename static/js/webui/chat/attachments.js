// Files that wait in the composer: checked against the limits before anything is sent,
// shown with thumbnail and progress, removed at a click.
import { newId } from "./database.js";
import { fill, icon, make, part, sizeText, stamp } from "./dom.js";

const RULES = {
  chat: { most: Infinity, images: false },
  image: { most: 0, images: true },
  image_edit: { most: 5, images: true },
  video: { most: 1, images: true },
};

export const isImage = (file) => /^image\/(png|jpeg|webp|gif)$/.test(file.mime);

export class Attachments extends EventTarget {
  constructor(strip, { uploads, store, limits, words, complain }) {
    super();
    Object.assign(this, { strip, uploads, store, limits, words, complain });
    this.files = [];
    this.kind = "chat";
  }

  get rule() {
    return RULES[this.kind] ?? RULES.chat;
  }

  get takesFiles() {
    return this.rule.most > 0;
  }

  /** Why this kind of model cannot take what is here, or "". */
  get conflict() {
    const { words, rule, kind } = this;
    if (this.files.length > rule.most) {
      return kind === "image" ? words.imageTakesNone : fill(words.tooManyFor, { most: rule.most });
    }
    if (rule.images && this.files.some((file) => !isImage(file))) {
      return words.imagesOnly;
    }
    if (kind === "image_edit" && !this.files.length) {
      return words.editNeedsImage;
    }
    return "";
  }

  add(picked) {
    for (const one of picked) {
      const refusal = this.refusal(one);
      if (refusal) {
        this.complain(fill(refusal, this.told(one)));
      } else {
        this.take(one);
      }
    }
    this.changed();
  }

  told(one) {
    const { files, file_bytes: size, total_bytes: total } = this.limits;
    return { name: one.name, most: files, size: sizeText(size), total: sizeText(total) };
  }

  refusal(one) {
    const { words, limits } = this;
    const held = this.files.reduce((sum, file) => sum + file.size, 0);
    if (!this.takesFiles) {
      return words.imageTakesNone;
    }
    if (this.rule.images && !isImage({ mime: one.type })) {
      return words.imagesOnly;
    }
    if (this.files.length >= Math.min(limits.files, this.rule.most)) {
      return this.rule.most < limits.files ? fill(words.tooManyFor, { most: this.rule.most }) : words.tooMany;
    }
    if (one.size === 0) {
      return words.emptyFile;
    }
    if (one.size > limits.file_bytes) {
      return words.tooLarge;
    }
    return held + one.size > limits.total_bytes ? words.tooMuch : "";
  }

  take(one) {
    const file = { id: newId(), name: one.name, mime: one.type, size: one.size, blob: one };
    this.files.push(file);
    this.show(file);
    this.begin(file);
  }

  begin(file) {
    const bar = file.row.querySelector("progress");
    const { request, result } = this.uploads.send(file.blob, file.name, (share) => {
      bar.value = share;
      part(file.row, "state").textContent = fill(this.words.percent, {
        percent: Math.round(share * 100),
      });
    });
    Object.assign(file, { request, failed: false });
    file.done = result.then(
      (upload) => this.settle(file, { upload }),
      (error) => error.name !== "AbortError" && this.fail(file, error),
    );
  }

  settle(file, { upload }) {
    file.upload = upload;
    file.row.querySelector("progress").hidden = true;
    part(file.row, "state").textContent = sizeText(file.size);
    file.row.dataset.state = "ready";
  }

  fail(file, error) {
    file.failed = true;
    file.row.dataset.state = "failed";
    part(file.row, "state").textContent = this.words.notUploaded;
    this.complain(`${fill(this.words.uploadFailed, { name: file.name })} ${error.message}`.trim());
  }

  show(file) {
    const row = stamp("template-waiting-file");
    file.row = row;
    part(row, "name").textContent = file.name;
    row.title = file.name;
    part(row, "remove").setAttribute("aria-label", fill(this.words.removeFile, { name: file.name }));
    part(row, "remove").addEventListener("click", () => this.remove(file));
    part(row, "picture").append(thumbnail(file));
    this.strip.append(row);
    this.strip.hidden = false;
  }

  remove(file) {
    file.request?.abort();
    this.drop(file);
    this.changed();
  }

  drop(file) {
    URL.revokeObjectURL(file.row.querySelector("img")?.src ?? "");
    file.row.remove();
    this.files = this.files.filter((one) => one !== file);
    this.strip.hidden = !this.files.length;
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** Wait for all uploads; false if one failed. */
  async settled() {
    this.files.filter((file) => file.failed).forEach((file) => this.begin(file));
    await Promise.all(this.files.map((file) => file.done));
    return this.files.every((file) => file.upload);
  }

  /** Hand over what is here, kept on disk, and be empty. */
  async handOver() {
    const files = [...this.files];
    for (const file of files) {
      await this.store.putBlob(file.id, file.blob);
      this.drop(file);
    }
    return files.map(({ id, name, mime, size, upload }) => ({ id, name, mime, size, upload }));
  }

  /** Files of a message that is edited come back, to be sent again. */
  async bringBack(attachments) {
    for (const known of attachments) {
      const blob = await this.store.blob(known.id);
      if (blob) {
        const file = { ...known, blob };
        this.files.push(file);
        this.show(file);
        this.begin(file);
      }
    }
    this.changed();
  }
}

/** A picture of it, or the sign of a file. */
export function thumbnail(file) {
  if (!isImage(file)) {
    return icon("file");
  }
  return make("img", { src: URL.createObjectURL(file.blob), alt: "" });
}
