// Buttons that copy: a text, the text of another element, or a link made whole.
import { copyText } from "../clipboard.js";

function wanted(button) {
  const { copy, copyFrom, copyLink } = button.dataset;
  if (copyFrom) {
    const source = document.getElementById(copyFrom);
    return source.value ?? source.textContent;
  }
  return copyLink ? new URL(copyLink, location.href).href : copy;
}

async function copy(button) {
  await copyText(wanted(button), button);
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
