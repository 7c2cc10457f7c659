// Where a block that has grown too long is cut. Depends on its text alone, so that an
// answer looks the same whether it came in many pieces or in one.
import { BLOCK, ITEM, MARGIN, PARAGRAPH } from "./limits.js";

// Line breaks and sentence ends (also of Chinese and Japanese) that a letter follows:
// what follows must not look like the beginning of another kind of block.
const PLACES = [
  /\n(?=\p{L})/gu,
  /[.!?:;][)\]"']* (?=\p{L})|[\u3002\uff01\uff1f\uff1b](?=\p{L})/gu,
  /[ \uff0c](?=\p{L})/gu,
];

const LIMITS = { paragraph: PARAGRAPH, text: PARAGRAPH };

export function isTooLong(token, length) {
  return length >= (LIMITS[token.type] ?? BLOCK) + MARGIN;
}

function lastPlace(text) {
  for (const place of PLACES) {
    const found = [...text.matchAll(place)].at(-1);
    const cut = found ? found.index + found[0].length : 0;
    if (cut > PARAGRAPH / 4) {
      return cut;
    }
  }
  return 0;
}

function ofParagraph({ raw }) {
  const cut = lastPlace(raw.slice(0, PARAGRAPH));
  return cut ? { cut, carry: { kind: "joined" } } : null;
}

/** Null as well while its first item may go on: see `isWaiting`. */
function ofList(token, carry) {
  const lengths = token.items.map((item) => item.raw.length);
  let [count, cut] = [0, 0];
  while (count < lengths.length - 1 && (count === 0 || cut + lengths[count] <= BLOCK)) {
    cut += lengths[count];
    count += 1;
  }
  if (!count || token.raw.length - cut < MARGIN) {
    return null;
  }
  const first = carry?.start ?? token.start;
  return { cut, carry: { kind: "list", start: token.ordered ? first + count : null } };
}

/** The rows that follow are read, and shown, under the same head. */
function ofTable({ raw }, carry) {
  const head = carry?.prefix ?? raw.split("\n", 2).join("\n") + "\n";
  const shift = carry?.prefix?.length ?? 0;
  const cut = raw.slice(shift, shift + BLOCK).lastIndexOf("\n") + 1;
  return cut > (shift ? 0 : head.length)
    ? { cut, carry: { kind: "table", prefix: head } }
    : null;
}

const CUTS = { paragraph: ofParagraph, text: ofParagraph, list: ofList, table: ofTable };

export function cutOf(token, carry) {
  return CUTS[token.type]?.(token, carry) ?? null;
}

export function isWaiting(token) {
  return token.type === "list" && token.raw.length < ITEM + MARGIN;
}
