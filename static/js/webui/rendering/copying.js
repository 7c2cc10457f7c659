// The copy button of code blocks: one listener for all of an answer.
import { copyText } from "../../clipboard.js";

const SHOWN_MS = 2_000;

async function copy(button, words) {
  const code = button.closest(".code-box").querySelector("code");
  await copyText(code.textContent, button);
  button.textContent = words.answer_copied;
  setTimeout(() => {
    button.textContent = words.answer_copy;
  }, SHOWN_MS);
}

export function listen(root, words) {
  root.addEventListener("click", (event) => {
    const button = event.target.closest(".code-copy");
    if (button) {
      copy(button, words);
    }
  });
}
