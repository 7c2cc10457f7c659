// Sets formulas. KaTeX draws into the element, behind the sanitizer: its measures are set
// by script, which the policy of our pages allows, and not by attributes, which it forbids.
import { frames } from "./frames.js";
import { FORMULA } from "./limits.js";
import { typesetter } from "./loading.js";
import { parts } from "./math.js";
import { isSettled, settle } from "./morph.js";

const OPTIONS = { trust: false, strict: "ignore", maxSize: 20, maxExpand: 200 };

function set(element, katex) {
  const source = element.textContent;
  const { tex, display } = parts(source);
  const drawn = document.createElement("span");
  try {
    katex.render(tex, drawn, { ...OPTIONS, displayMode: display });
  } catch (error) {
    if (!(error instanceof katex.ParseError || error instanceof RangeError)) {
      throw error;
    }
    element.classList.add("formula-wrong"); // what cannot be set is shown as written
    return;
  }
  element.replaceChildren(drawn);
  element.classList.add("formula-set");
  settle(element, source);
}

class Setting {
  constructor(katex, elements) {
    this.katex = katex;
    this.elements = elements;
  }

  step(deadline) {
    while (this.elements.length && performance.now() < deadline) {
      const element = this.elements.shift();
      if (element.isConnected && !isSettled(element)) {
        set(element, this.katex);
      }
    }
    return !this.elements.length;
  }
}

export async function setFormulas(root) {
  const found = [...root.querySelectorAll(".formula, .formula-block")].filter(
    (one) =>
      !isSettled(one) && one.textContent.length <= FORMULA && parts(one.textContent),
  );
  if (found.length) {
    frames.ask(new Setting(await typesetter(), found));
  }
}
