// Reading one setting of the form, in the words the server compares.

export const all = (form) => form.querySelectorAll("[data-setting]");

export const control = (setting) =>
  setting.querySelector(
    ".setting-value :is(input:not([type=hidden]), select, textarea)[name]",
  );

/** What the control says; of a secret only whether a new one or none was asked for. */
export function textOf(setting) {
  const field = control(setting);
  if (field.type === "checkbox") {
    return field.checked ? "on" : "off";
  }
  if (field.type === "password" || setting.querySelector("[data-secret]")) {
    const removed = setting.querySelector("[name$=':remove']")?.checked;
    return removed || field.value.trim() ? "new" : "";
  }
  if (field.matches("textarea.mono")) {
    const items = field.value.split(/[,\n]/u).map((item) => item.trim());
    return items.filter(Boolean).join("\n");
  }
  return field.value.trim();
}

export const isChanged = (setting) =>
  !control(setting).disabled && textOf(setting) !== setting.dataset.was;

/** Put a text into the control, as if it were typed. */
export function put(setting, text) {
  const field = control(setting);
  if (field.type === "checkbox") {
    field.checked = text === "on";
  } else {
    field.value = text;
  }
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}
