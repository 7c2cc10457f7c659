// The tray in the head of every page: one's own jobs that run, and those just ended.
import { hasEnded } from "./feed.js";
import * as words from "./words.js";

export class Tray {
  constructor(root) {
    this.root = root;
    this.button = root.querySelector(".tray-button");
    this.count = root.querySelector("[data-tray-count]");
    this.bar = this.button.querySelector("progress");
    this.list = root.querySelector("[data-tray-jobs]");
    this.status = root.querySelector("[data-tray-told]");
    this.template = root.querySelector("[data-tray-job]");
    this.key = `tray:${root.dataset.by}`;
    this.jobs = new Map();
    this.rows = new Map();
    for (const job of this.remembered()) {
      this.jobs.set(job.task_id, job);
    }
    this.show();
  }

  /** What the page before knew, so that the tray is there at the first paint. */
  remembered() {
    try {
      return JSON.parse(sessionStorage.getItem(this.key) ?? "[]");
    } catch {
      return [];
    }
  }

  remember() {
    const open = [...this.jobs.values()].filter((job) => !hasEnded(job));
    try {
      sessionStorage.setItem(this.key, JSON.stringify(open));
    } catch {
      // then it appears with the first word of the server
    }
  }

  note(job) {
    const before = this.jobs.get(job.task_id);
    const foreign = job.started_by !== this.root.dataset.by;
    if (foreign || (!before && hasEnded(job))) {
      return;
    }
    this.jobs.set(job.task_id, job);
    if (!before || (hasEnded(job) && !hasEnded(before))) {
      this.status.textContent = words.announced(job);
    }
    this.show();
  }

  show() {
    const open = [...this.jobs.values()].filter((job) => !hasEnded(job));
    for (const job of this.jobs.values()) {
      this.showRow(job);
    }
    const total = open.reduce((sum, job) => sum + job.total, 0);
    const done = open.reduce((sum, job) => sum + job.processed, 0);
    this.bar.max = Math.max(1, total);
    this.bar.value = done;
    this.bar.hidden = !open.length;
    this.count.textContent = words.running(open.length);
    this.button.hidden = !this.jobs.size;
    this.remember();
  }

  showRow(job) {
    let row = this.rows.get(job.task_id);
    if (!row) {
      row = this.template.content.firstElementChild.cloneNode(true);
      row.querySelector("a").href = this.root.dataset.page.replace("mine", job.task_id);
      this.list.prepend(row);
      this.rows.set(job.task_id, row);
    }
    const state = words.state(job);
    const bar = row.querySelector("progress");
    row.querySelector("a").textContent = words.title(job);
    row.querySelector(".tray-state").className = `tray-state badge ${state.mark}`;
    row.querySelector(".tray-state").textContent = state.text;
    row.querySelector(".tray-counts").textContent =
      [words.progress(job), hasEnded(job) ? "" : words.pace(job)].filter(Boolean).join(", ");
    bar.max = Math.max(1, job.total);
    bar.value = job.processed;
    bar.setAttribute("aria-label", words.title(job));
  }
}
