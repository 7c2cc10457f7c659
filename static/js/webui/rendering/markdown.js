// Markdown to tokens and tokens to HTML that is not clean yet. The only user of marked.
import { Lexer, Marked } from "../../../vendor/marked-18.2.1/marked.esm.js";
import { extensions } from "./math.js";
import { escape, readable } from "./tags.js";

const TOP_HEADING = 3; // the page has its own first and second
const renderer = {
  heading({ tokens, depth }) {
    const level = Math.min(6, depth + TOP_HEADING - 1);
    return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
  },
  html({ text, block }) {
    return block ? `<div class="raw">${readable(text.trim())}</div>` : readable(text);
  },
  checkbox({ checked }) {
    return `<span class="task">${checked ? "\u2611" : "\u2610"}</span> `;
  },
};

const marked = new Marked({ gfm: true, breaks: true });
marked.use({ renderer, extensions: extensions(escape) });

/** `links` are the definitions known so far; `whole`: nothing will follow. */
export function tokens(source, links, whole) {
  const lexer = new Lexer(marked.defaults);
  lexer.whole = whole;
  const found = lexer.blockTokens(source, lexer.tokens);
  found.links = links; // a definition counts when it is finished, not while it may change
  for (const { src, tokens: inside } of lexer.inlineQueue) {
    lexer.inlineTokens(src, inside);
  }
  return found;
}

export function html(token) {
  return marked.parser([token]);
}
