// Files on their way to the gateway: one request each, with its progress, to be cancelled.
// Also brings files of older messages there again, as the gateway keeps them only a while.
import { isUploaded } from "./requests.js";

const LIMIT_MS = 10 * 60 * 1000;

export class UploadError extends Error {}

export class Uploads {
  constructor(address, token, store) {
    Object.assign(this, { address, token, store });
  }

  /** Returns the request under way and what it will come to: {id, at}. */
  send(blob, name, progress = () => {}) {
    const request = new XMLHttpRequest();
    const result = new Promise((resolve, reject) => {
      request.open("POST", this.address);
      request.timeout = LIMIT_MS;
      request.responseType = "json";
      request.setRequestHeader("X-CSRFToken", this.token);
      request.upload.addEventListener("progress", (event) => {
        progress(event.lengthComputable ? event.loaded / event.total : 0);
      });
      request.addEventListener("load", () => {
        const { response, status } = request;
        if (status < 300 && response?.id) {
          resolve({ id: response.id, at: Date.now() });
        } else {
          reject(new UploadError(response?.error?.message ?? response?.message ?? ""));
        }
      });
      request.addEventListener("error", () => reject(new UploadError("")));
      request.addEventListener("timeout", () => reject(new UploadError("")));
      request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      const form = new FormData();
      form.append("file", blob, name);
      request.send(form);
    });
    return { request, result };
  }

  /** Make sure that the gateway has these files now; returns those that are gone here. */
  async refresh(files, now = Date.now()) {
    const gone = [];
    for (const file of files.filter((one) => !isUploaded(one, now))) {
      const blob = await this.store.blob(file.id);
      if (blob) {
        file.upload = await this.send(blob, file.name).result;
      } else {
        file.upload = null;
        gone.push(file);
      }
    }
    return gone;
  }
}
