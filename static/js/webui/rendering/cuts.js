// Where a block that has grown too long is cut. Depends on its text alone, so that an
// answer looks the same whether it came in many pieces or in one.
import { BLOCK, HEAVY, ITEM, MARGIN, PARAGRAPH, SLACK, WEIGHT } from "./limits.js";

// Line breaks and sentence ends (also of Chinese and Japanese) that a letter follows:
// what follows must not look like the beginning of another kind of block.
const IN_PARAGRAPH = [
  /\n(?=\p{L})/gu,
  /[.!?:;][)\]"']* (?=\p{L})|[\u3002\uff01\uff1f\uff1b](?=\p{L})/gu,
  /[ \uff0c](?=\p{L})/gu,
];
const IN_QUOTATION = [/\n>[ \t]*\n(?=>)/g, /\n(?=> ?\p{L})/gu];

/** About how many nodes a token becomes. */
function weight(token) {
  const cells = token.rows ? [token.header, ...token.rows].flat() : [];
  let sum = 1;
  for (const inside of [token.tokens ?? [], token.items ?? [], cells]) {
    for (const one of inside) {
      sum += weight(one);
    }
  }
  return sum;
}

function lastPlace(raw, places) {
  const text = raw.slice(0, PARAGRAPH);
  for (const place of places) {
    const found = [...text.matchAll(place)].at(-1);
    const cut = found ? found.index + found[0].length : 0;
    if (cut > PARAGRAPH / 4) {
      return { cut, carry: { kind: "joined" } };
    }
  }
  return null;
}

/** How many parts make one block that is not too long; the last one may go on. */
function count(parts) {
  let [length, heavy, fit] = [0, 0, 0];
  for (const part of parts.slice(0, -1)) {
    length += part.length;
    heavy += part.weight;
    if (fit && (length > BLOCK || heavy > WEIGHT)) {
      break;
    }
    fit += 1;
  }
  return fit;
}

/** Null as well while its first item may go on: see `isWaiting`. */
function ofList(token, carry) {
  const fit = count(
    token.items.map((item) => ({ length: item.raw.length, weight: weight(item) })),
  );
  const cut = token.items.slice(0, fit).reduce((sum, { raw }) => sum + raw.length, 0);
  if (!fit || token.raw.length - cut < MARGIN) {
    return null;
  }
  const first = carry?.start ?? token.start;
  return { cut, carry: { kind: "list", start: token.ordered ? first + fit : null } };
}

/** The rows that follow are read, and shown, under the same head. */
function ofTable(token, carry) {
  const lines = token.raw.split("\n").map((line) => line.length + 1);
  const head = token.raw.slice(0, lines[0] + lines[1]);
  const rows = token.rows.map((row, index) => ({
    length: lines[index + 2],
    weight: row.reduce((sum, cell) => sum + weight(cell), 1),
  }));
  const fit = count(rows);
  const length = rows.slice(0, fit).reduce((sum, row) => sum + row.length, 0);
  const cut = carry?.prefix ? length : head.length + length;
  return fit ? { cut, carry: { kind: "table", prefix: head } } : null;
}

const CUTS = {
  blockquote: ({ raw }) => lastPlace(raw, IN_QUOTATION),
  list: ofList,
  paragraph: ({ raw }) => lastPlace(raw, IN_PARAGRAPH),
  table: ofTable,
  text: ({ raw }) => lastPlace(raw, IN_PARAGRAPH),
};
const MANY_PARTS = new Set(["list", "table"]);

export function isTooLong(token, length) {
  return MANY_PARTS.has(token.type)
    ? length >= BLOCK + MARGIN || weight(token) >= WEIGHT + SLACK
    : length >= PARAGRAPH + MARGIN;
}

export function cutOf(token, carry) {
  return CUTS[token.type]?.(token, carry) ?? null;
}

/** One item may be longer than a list, for it may hold code. */
export function isWaiting(token) {
  return (
    token.type === "list" && token.raw.length < ITEM + MARGIN && weight(token) < HEAVY
  );
}
