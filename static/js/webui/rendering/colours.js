// Colours of finished code. The library gives HTML, which is cleaned like any other.
import { coloured } from "./clean.js";
import { frames } from "./frames.js";
import { COLOURED } from "./limits.js";
import { highlighter } from "./loading.js";
import { settle } from "./morph.js";

const DONE = new WeakSet();

export async function colour(code) {
  const { language } = code.dataset;
  if (!language || DONE.has(code) || code.textContent.length > COLOURED) {
    return;
  }
  DONE.add(code);
  const highlight = await highlighter();
  if (!highlight.getLanguage(language)) {
    return;
  }
  frames.ask({
    step() {
      const source = code.textContent;
      const { value } = highlight.highlight(source, { language, ignoreIllegals: true });
      code.replaceChildren(coloured(value));
      settle(code, source);
      return true;
    },
  });
}
