// Boxes around what may be wider than the page: code with its bar, and tables.

const LANGUAGE = /^[\w+#.-]{1,24}$/;

function element(name, className) {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

/** Scrolls in itself, and so must be reachable by keyboard. */
function scrolling(box, label) {
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", label);
  return box;
}

/** `code` is empty and to be filled. */
export function codeBox(language, words) {
  const known = LANGUAGE.test(language) ? language.toLowerCase() : "";
  const box = element("div", "code-box");
  const bar = element("div", "code-bar");
  const name = element("span", "code-language");
  const button = element("button", "code-copy");
  const label = known ? `${words.answer_code}: ${known}` : words.answer_code;
  const pre = scrolling(element("pre", "code-text"), label);
  const code = document.createElement("code");
  box.dir = "ltr";
  name.textContent = known;
  button.type = "button";
  button.textContent = words.answer_copy;
  code.dataset.language = known;
  pre.append(code);
  bar.append(name, button);
  box.append(bar, pre);
  return { box, code };
}

export function boxCode(pre, words) {
  const inner = pre.querySelector("code") ?? pre;
  const language = inner.className.replace(/^language-/, "");
  const { box, code } = codeBox(language, words);
  code.textContent = inner.textContent.replace(/\n$/, "");
  pre.replaceWith(box);
}

export function boxTable(table, words) {
  const box = scrolling(element("div", "table-box"), words.answer_table);
  table.replaceWith(box);
  box.append(table);
}
