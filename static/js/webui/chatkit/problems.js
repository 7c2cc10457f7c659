// What went wrong, in words that say what to do. It stays until it is closed.
import { fill, words } from "../shell/words.js";

/** Something a person must be told; `key` names the words, `values` fill them. */
export class Problem extends Error {
  constructor(key, values = {}) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

export class Problems {
  /** `retry` is called by the button of those that may be gone by now. */
  constructor(place, retry) {
    this.place = place;
    this.template = document.getElementById("problem");
    this.retry = retry;
  }

  show(problem) {
    const made = this.template.content.cloneNode(true).firstElementChild;
    const { title, text, again } = told(problem);
    const button = made.querySelector("[data-retry]");
    made.dataset.problem = problem.key;
    made.querySelector("[data-title]").textContent = title;
    made.querySelector("[data-text]").textContent = text;
    button.hidden = !again;
    button.addEventListener("click", () => this.retry());
    made.querySelector("[data-close]").addEventListener("click", () => made.remove());
    this.drop(problem.key);
    this.place.append(made);
    made.scrollIntoView({ block: "nearest" });
  }

  /** It is over by itself. */
  drop(key) {
    this.place.querySelector(`[data-problem="${key}"]`)?.remove();
  }

  clear() {
    this.place.replaceChildren();
  }
}

const WITHOUT_RETRY = new Set(["insecure", "unsupported", "foreign", "silenced", "unplugged"]);

function told({ key, values }) {
  const title = words[`problem_${key}`] ?? words.problem_other;
  const text = fill(words[`problem_${key}_text`] ?? "{message}", values);
  return { title, text, again: !WITHOUT_RETRY.has(key) };
}
