// Buttons that copy: a text, the text of another element, or a link made whole.

function wanted(button) {
  const { copy, copyFrom, copyLink } = button.dataset;
  if (copyFrom) {
    const source = document.getElementById(copyFrom);
    return source.value ?? source.textContent;
  }
  return copyLink ? new URL(copyLink, location.href).href : copy;
}

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

async function copy(button) {
  const text = wanted(button);
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelecting(text, button);
  }
  button.textContent = button.dataset.done;
}

const COPIES = "[data-copy], [data-copy-from], [data-copy-link]";

export function furnishCopies(root) {
  for (const button of root.querySelectorAll(COPIES)) {
    button.hidden = false;
  }
  root.addEventListener("click", (event) => {
    const button = event.target.closest(COPIES);
    if (button) {
      copy(button);
    }
  });
}
