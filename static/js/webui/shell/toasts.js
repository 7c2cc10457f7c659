// Short messages above the page. Errors stay until they are closed; others leave by
// themselves, but not while they are pointed at or hold the focus.
import { words } from "./words.js";

const STAY_MS = 8000;
const MOST = 4;
const CROSS = "m5 5 10 10M15 5 5 15";

/** `kind`: "info", "success" or "error". Returns what takes the message away. */
export function say(text, { kind = "info" } = {}) {
  const region = document.querySelector("[data-toasts]");
  const toast = document.createElement("div");
  toast.className = `toast ${kind}`;
  toast.setAttribute("role", kind === "error" ? "alert" : "status");
  region.append(toast);
  const said = document.createElement("p");
  said.textContent = text; // into what stands already, so that it is read out
  const drop = () => toast.remove();
  toast.append(said, closer(drop));
  if (kind !== "error") {
    leave(toast, drop);
  }
  for (const old of [...region.children].slice(0, -MOST)) {
    old.remove();
  }
  return drop;
}

function closer(drop) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "icon-button";
  button.setAttribute("aria-label", words.close ?? "");
  const cross = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", CROSS);
  cross.setAttribute("viewBox", "0 0 20 20");
  cross.setAttribute("aria-hidden", "true");
  cross.append(path);
  button.append(cross);
  button.addEventListener("click", drop);
  return button;
}

function leave(toast, drop) {
  const timer = setInterval(() => {
    if (!toast.matches(":hover, :focus-within")) {
      clearInterval(timer);
      drop();
    }
  }, STAY_MS);
}
