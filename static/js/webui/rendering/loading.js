// What few answers need is fetched when the first of them does.

const VENDOR = "../../../vendor/";
const STYLES = "../../../css/webui/";

const pending = new Map();

function once(name, load) {
  if (!pending.has(name)) {
    pending.set(name, load());
  }
  return pending.get(name);
}

function style(path) {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = new URL(path, import.meta.url).href;
  document.head.append(sheet);
}

export function highlighter() {
  return once("highlight", async () => {
    style(`${STYLES}code-light.css`);
    style(`${STYLES}code-dark.css`);
    const found = await import("../../../vendor/highlight-11.12.0/highlight.min.js");
    return found.default;
  });
}

/** KaTeX is no module: it sets a name of the page. */
export function typesetter() {
  return once("katex", async () => {
    style(`${VENDOR}katex-0.19.1/katex.min.css`);
    await import("../../../vendor/katex-0.19.1/katex.min.js");
    return globalThis.katex;
  });
}
