// A text to the clipboard, with or without encryption between browser and page.

/** For pages that came without encryption, where browsers have no clipboard. */
function copyBySelecting(text, button) {
  const field = document.createElement("textarea");
  field.value = text;
  button.after(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  button.focus();
}

/** `button` is what was pressed; it keeps the focus. */
export async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelecting(text, button);
  }
}
