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

const form = document.querySelector("[data-settings]");
if (form) {
  showWhatMatters(form);
  furnishSecrets(form);
  trackChanges(form);
}
searchWhileTyping(goToTarget);
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
