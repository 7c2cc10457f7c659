// Runs before the first paint: the theme that was chosen here, under the key that
// Django's admin uses too; and, once, the language that grok2api kept in this browser.
// Loaded by every page of the console and the Web UI.
"use strict";
{
  const KEY = "grok2api_lang";
  const CODES = { zh: "zh-hans", en: "en", ja: "ja", es: "es", de: "de", fr: "fr" };
  const COOKIE = "django_language";
  const A_YEAR_S = 365 * 24 * 3600;

  /** The choice as the server calls it; it is asked for once and then the server's. */
  function taken() {
    try {
      const code = localStorage.getItem(KEY);
      localStorage.removeItem(KEY);
      return Object.hasOwn(CODES, code) ? CODES[code] : "";
    } catch {
      return ""; // storage is switched off: nothing was kept
    }
  }

  const language = taken();
  if (language && language !== document.documentElement.lang) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${COOKIE}=${language}; Path=/; Max-Age=${A_YEAR_S}; SameSite=Lax${secure}`;
    if (navigator.cookieEnabled) {
      location.reload();
    }
  }
}
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
