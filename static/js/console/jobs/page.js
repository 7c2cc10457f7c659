// Values of jobs on a page, wherever they stand: rows of the list, the page of one job.
import { hasEnded } from "./feed.js";
import * as words from "./words.js";

const FAILED_SHOWN = 20;
const RENEWED = ["job-tools", "job-progress", "job-facts", "items"];

function badge(place, { mark, text }) {
  const shown = document.createElement("span");
  shown.className = `badge ${mark}`;
  shown.textContent = text;
  place.replaceChildren(shown);
}

function bar(place, job) {
  const progress = place.querySelector("progress");
  progress.max = Math.max(1, job.total);
  progress.value = job.processed;
  place.querySelector("span").textContent = words.progress(job);
}

const PARTS = {
  state: (place, job) => badge(place, words.state(job)),
  bar,
  counts: (place, job) => place.replaceChildren(words.counts(job)),
  pace: (place, job) => place.replaceChildren(words.pace(job)),
  ok: (place, job) => place.replaceChildren(words.number(job.ok)),
  fail: (place, job) => {
    place.replaceChildren(words.number(job.fail));
    place.parentElement.classList.toggle("some-failed", job.fail > 0);
  },
  skipped: (place, job) => place.replaceChildren(words.number(job.skipped)),
  left: (place, job) => place.replaceChildren(words.number(job.left)),
};

/** Ids of all jobs this page shows something of. */
export function watched() {
  const marked = document.querySelectorAll("[data-job]");
  return [...new Set(Array.from(marked, (place) => place.dataset.job))];
}

export function update(job) {
  for (const root of document.querySelectorAll(`[data-job="${job.task_id}"]`)) {
    const places = root.dataset.jobPart ? [root] : root.querySelectorAll("[data-job-part]");
    for (const place of places) {
      PARTS[place.dataset.jobPart]?.(place, job);
    }
  }
  const page = document.querySelector("[data-job-page]");
  if (page?.dataset.jobPage === job.task_id && hasEnded(job)) {
    page.dataset.jobPage = ""; // once
    renew();
  }
}

export function failed(frame) {
  const page = document.querySelector("[data-job-page]");
  const box = page?.querySelector("[data-just-failed]");
  if (!box || page.dataset.jobPage !== frame.task_id) {
    return;
  }
  const list = box.querySelector("ul") ?? box.appendChild(document.createElement("ul"));
  if (list.children.length < FAILED_SHOWN) {
    const item = document.createElement("li");
    item.textContent = `${frame.item}: ${frame.error}`;
    list.append(item);
    box.hidden = false;
  }
}

/** The job has ended: what can be done and what became of its items, from the server. */
async function renew() {
  const answer = await fetch(location.href);
  if (!answer.ok || answer.redirected) {
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of RENEWED) {
    const [old, now] = [document.getElementById(id), fresh.getElementById(id)];
    if (old && now && !old.contains(document.activeElement)) {
      old.replaceWith(document.adoptNode(now));
    }
  }
}
