// What was changed and not saved: dots, the bar, and a question before it is lost.
import { all, isChanged, put } from "./settings.js";

function tellCount(bar, count) {
  const told = bar.querySelector("[data-count]");
  const { none, one, many } = told.dataset;
  const text = count === 0 ? none : count === 1 ? one : many.replace("#", count);
  if (told.textContent !== text) {
    told.textContent = text;
  }
  bar.classList.toggle("waiting", count > 0);
}

function resetHere(event) {
  const button = event.target.closest("[data-reset]");
  if (button) {
    event.preventDefault();
    put(button.closest("[data-setting]"), button.dataset.reset);
  }
}

export function trackChanges(form) {
  const bar = form.querySelector("[data-bar]");
  if (!bar) {
    return;
  }
  const tab = document.querySelector(".settings-tabs [aria-current]");
  let unsaved = 0;
  const update = () => {
    unsaved = 0;
    for (const setting of all(form)) {
      const changed = isChanged(setting);
      setting.classList.toggle("changed", changed);
      unsaved += changed;
    }
    tab?.classList.toggle("changed", unsaved > 0);
    tellCount(bar, unsaved);
  };
  const ask = (event) => {
    if (unsaved) {
      event.preventDefault();
    }
  };
  const leaveFreely = () => window.removeEventListener("beforeunload", ask);

  form.addEventListener("input", update);
  form.addEventListener("change", update);
  form.addEventListener("click", resetHere);
  form.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) {
      leaveFreely();
    }
  });
  bar.querySelector("[data-discard]").addEventListener("click", leaveFreely);
  window.addEventListener("beforeunload", ask);
  document.addEventListener("keydown", (event) => {
    if (event.key === "s" && (event.ctrlKey || event.metaKey) && !event.altKey) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  update();
}
