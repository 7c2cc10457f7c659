// Secrets: make one, look at what is being typed.
import { put } from "./settings.js";

const RANDOM_BYTES = 24;

function made() {
  const bytes = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function peek(button, field, visible) {
  field.type = visible ? "text" : "password";
  button.setAttribute("aria-pressed", String(visible));
}

export function furnishSecrets(form) {
  for (const secret of form.querySelectorAll("[data-secret]")) {
    const field = secret.querySelector("input");
    const look = secret.querySelector("[data-peek]");
    const generate = secret.querySelector("[data-generate]");
    const remove = secret.querySelector("[name$=':remove']");
    const offer = () => {
      look.hidden = !field.value;
    };
    if (!look) {
      continue;
    }
    look.addEventListener("click", () => peek(look, field, field.type === "password"));
    field.addEventListener("input", () => {
      offer();
      if (remove && field.value) {
        remove.checked = false;
      }
    });
    if (generate) {
      generate.hidden = false;
      generate.addEventListener("click", () => {
        peek(look, field, true);
        put(secret.closest("[data-setting]"), made());
        field.focus();
        field.select();
      });
    }
    remove?.addEventListener("change", () => {
      if (remove.checked) {
        field.value = "";
        offer();
      }
    });
  }
}
