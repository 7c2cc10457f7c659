// The blocks of one answer on the page. Finished ones are never touched again, unless
// they waited for a link that is defined further down.
import { codeBox } from "./boxes.js";
import { cleaned } from "./clean.js";
import { colour } from "./colours.js";
import { setFormulas } from "./formulas.js";
import { furnish, inlinePicture } from "./furnish.js";
import { html, tokens } from "./markdown.js";
import { morph } from "./morph.js";
import { Runs } from "./runs.js";

const PART = 8_192;
const LABEL = /\[([^[\]\n]{1,200})\]/g;
const LABELS_MAX = 2_000;

function element(name, className) {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

export class Sheet {
  constructor(root, options) {
    this.options = options;
    this.root = root;
    this.live = element("div", "live");
    this.live.setAttribute("aria-live", "off");
    this.blocks = []; // of open tokens: {raw, node}
    this.waiting = new Map(); // label to the finished blocks that name it
    this.part = null;
    root.classList.add("answer");
    root.replaceChildren(this.live);
  }

  /** Whether something else was put where this answer stood. */
  get isGone() {
    return this.live.parentNode !== this.root;
  }

  block(className) {
    const node = element("div", className ? `block ${className}` : "block");
    node.dir = "auto";
    this.live.append(node);
    return node;
  }

  draw(node, token) {
    const fragment = cleaned(html(token));
    furnish(fragment, this.options);
    morph(node, fragment);
    setFormulas(node);
  }

  open(entries) {
    entries.forEach(({ token, carry }, index) => this.show(index, token, carry));
    this.blocks.splice(entries.length).forEach(({ node }) => node.remove());
  }

  /** The open block at `index` as it is now. */
  show(index, token, carry) {
    const className = carry ? carry.kind : "";
    const block = (this.blocks[index] ??= { raw: null, node: this.block(className) });
    if (carry?.start) {
      token.start = carry.start;
    }
    if (block.raw !== token.raw || block.type !== token.type) {
      block.node.className = className ? `block ${className}` : "block";
      this.draw(block.node, token);
      Object.assign(block, { raw: token.raw, type: token.type });
    }
    return block.node;
  }

  finish(token, carry) {
    const node = this.show(0, token, carry);
    this.blocks.shift();
    this.put(node, token.raw.length);
    for (const code of node.querySelectorAll(".code-box code")) {
      colour(code);
    }
    this.remember(token, node);
  }

  /** From what may still change to what is finished, which is announced. */
  put(node, length) {
    if (!this.part || this.partLength + length > PART) {
      this.part?.classList.add("settled");
      this.part = element("div", "part");
      this.partLength = 0;
      this.live.before(this.part);
    }
    this.partLength += length;
    this.part.append(node);
  }

  remember(token, node) {
    if (token.type === "code" || this.waiting.size > LABELS_MAX) {
      return;
    }
    for (const [, label] of token.raw.matchAll(LABEL)) {
      const key = label.trim().replace(/\s+/g, " ").toLowerCase();
      const nodes = this.waiting.get(key) ?? new Map();
      this.waiting.set(key, nodes.set(node, token));
    }
  }

  /** A link was defined: blocks that named it before are drawn once more. */
  defined(tag, links) {
    for (const [node, { raw, start }] of this.waiting.get(tag) ?? []) {
      const [token] = tokens(raw, links, true);
      this.draw(node, Object.assign(token, { start }));
    }
    this.waiting.delete(tag);
  }

  // What follows gives a writer for a block that is no Markdown; `close` ends it.

  code(language) {
    this.open([]);
    const { box, code } = codeBox(language.split(/[\s{,]/, 1)[0], this.options.words);
    this.current = this.block("");
    this.current.append(box);
    this.after = () => colour(code);
    return new Runs(code);
  }

  plain() {
    this.open([]);
    this.current = this.block("plain");
    this.after = null;
    return new Runs(this.current);
  }

  picture(alt, head) {
    this.open([]);
    this.current = this.block("");
    this.after = null;
    const { current, options } = this;
    return {
      write: (data) => current.append(inlinePicture(alt, head, data, options)),
    };
  }

  close() {
    this.put(this.current, this.current.textContent.length);
    this.after?.();
    this.current = null;
  }
}
