// Names for what Django's widgets leave unnamed.

function fieldLabel(field) {
  const row = field.closest(".form-row");
  return row?.querySelector("label")?.textContent.replace(/[:*\s]+$/u, "") ?? "";
}

/** Fields of a split date and time, and the question marks of two-list choices. */
export function nameFields(root) {
  for (const field of root.querySelectorAll(".datetime input:not([type=hidden])")) {
    const part = field.previousSibling?.textContent?.replace(/[:\s]+$/u, "").trim();
    field.setAttribute("aria-label", [fieldLabel(field), part].filter(Boolean).join(", "));
  }
  for (const tip of root.querySelectorAll("span.help-tooltip[aria-label]")) {
    tip.setAttribute("role", "img");
  }
}
