// Runs before the first paint: the theme that was chosen here, under the key that
// Django's admin uses too. Loaded by every page of the console and the Web UI.
"use strict";
{
  const KEY = "theme";
  const CHOICES = ["auto", "light", "dark"];

  function stored() {
    let choice = null;
    try {
      choice = localStorage.getItem(KEY);
    } catch {
      return "auto"; // storage is switched off: follow the system
    }
    return CHOICES.includes(choice) ? choice : "auto";
  }

  function apply(choice) {
    document.documentElement.dataset.theme = choice;
  }

  apply(stored());

  document.addEventListener("DOMContentLoaded", () => {
    for (const field of document.querySelectorAll("[data-theme-switch] input")) {
      field.checked = field.value === stored();
    }
  });

  document.addEventListener("change", (event) => {
    if (!event.target.closest("[data-theme-switch]")) {
      return;
    }
    apply(event.target.value);
    try {
      localStorage.setItem(KEY, event.target.value);
    } catch {
      // it holds for this page only
    }
  });

  window.addEventListener("storage", (event) => {
    if (event.key === KEY) {
      apply(stored());
    }
  });
}
