// What is a formula: \( \), \[ \] and $$ $$, never a single $. An extension of marked.
// The blank line that ends a paragraph ends an unclosed formula too.

const PAIRS = { "\\(": "\\)", "\\[": "\\]", $$: "$$" };
const BLANK = /\n[ \t]*\n/;
const BLOCK_START = /^ {0,3}(\$\$(?!\$)|\\\[)/;
const INLINE_START = /\\[([]|\$\$/;
const NEXT_BLOCK = /\n {0,3}(?:\$\$(?!\$)|\\\[)/;

/** Where the formula that opens at `from` ends, behind its closing mark; -1: nowhere. */
function end(src, opening, from) {
  const closing = src.indexOf(PAIRS[opening], from);
  const inside = closing < 0 ? "" : src.slice(from, closing);
  return inside.trim() && !BLANK.test(inside) ? closing + opening.length : -1;
}

const inline = {
  name: "formula",
  level: "inline",
  start: (src) => src.match(INLINE_START)?.index,
  tokenizer(src) {
    const opening = src.slice(0, 2);
    const last = opening in PAIRS ? end(src, opening, 2) : -1;
    return last < 0 ? undefined : { type: "formula", raw: src.slice(0, last) };
  },
};

const block = {
  name: "formulaBlock",
  level: "block",
  start(src) {
    const found = src.match(NEXT_BLOCK);
    return found ? found.index + 1 : undefined;
  },
  tokenizer(src, tokens) {
    const start = src.match(BLOCK_START);
    if (!start) {
      return undefined;
    }
    const until = end(src, start[1], start[0].length);
    if (until < 0) {
      const last = tokens === this.lexer.tokens && !this.lexer.whole;
      const open = last && !BLANK.test(src);
      return open ? { type: "formulaBlock", raw: src, open } : undefined;
    }
    const after = src.slice(until).match(/^[ \t]*(?:\n|$)/);
    return after && { type: "formulaBlock", raw: src.slice(0, until) + after[0] };
  },
};

export function extensions(escape) {
  return [
    { ...inline, renderer: ({ raw }) => `<span class="formula">${escape(raw)}</span>` },
    {
      ...block,
      renderer: ({ raw }) => `<div class="formula-block">${escape(raw.trim())}</div>`,
    },
  ];
}

/** The source without its marks, and whether it stands on lines of its own. */
export function parts(raw) {
  const opening = raw.slice(0, 2);
  const closing = PAIRS[opening];
  if (!closing || raw.length < 5 || !raw.endsWith(closing)) {
    return null;
  }
  return { tex: raw.slice(2, -2).trim(), display: opening !== "\\(" };
}
