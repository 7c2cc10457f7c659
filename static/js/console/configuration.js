// The configuration pages; all of them work without this.
import { showWhatMatters } from "./configuration/conditions.js";
import { furnishSecrets } from "./configuration/secrets.js";
import { searchWhileTyping } from "./configuration/search.js";
import { trackChanges } from "./configuration/tracking.js";

/** A link's target is shown whatever its mode, and has the focus. */
function goToTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches("[data-setting]")) {
    target.hidden = false;
    target.dataset.asked = "";
    target.scrollIntoView({ block: "center" });
    target.querySelector("input:not([type=hidden]), select, textarea")?.focus({
      preventScroll: true,
    });
  }
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    const field = document.createElement("textarea");
    field.value = button.dataset.copy;
    button.after(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  button.textContent = button.dataset.done;
}

/** On a phone the tabs are a strip that scrolls. */
function showTab() {
  const tab = document.querySelector(".settings-tabs [aria-current]");
  const strip = tab?.closest(".settings-tabs");
  if (strip) {
    strip.scrollLeft = tab.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
  }
}

showTab();
const form = document.querySelector("[data-settings]");
if (form) {
  showWhatMatters(form);
  furnishSecrets(form);
  trackChanges(form);
}
searchWhileTyping(goToTarget);
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
window.addEventListener("hashchange", goToTarget);
// Until then the browser itself moves the focus to what the address names.
window.addEventListener("load", () => {
  const told = document.querySelector("[data-focus]");
  if (told) {
    told.focus();
  } else {
    setTimeout(goToTarget);
  }
});
