// HTML that a model wrote. Plain marks of text keep their meaning, pictures, films and
// links are written anew with the few attributes they need, and all the rest is shown
// as the text it is. What comes out goes through the sanitizer like everything else.

const TAG = /<(\/?)([a-z][a-z0-9]*)((?:\s+[^<>]*)?)\s*\/?>/gi;
const ATTRIBUTE = /([a-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))/gi;
const PLAIN = new Set(
  "b br code del em i ins kbd mark p s small strong sub sup u".split(" "),
);
const KEPT = {
  a: ["href", "title"],
  img: ["src", "alt", "title", "width", "height"],
  video: ["src", "width", "height"],
};
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escape(text) {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** Entities that the model wrote keep their meaning. */
function escapeOnce(text) {
  return text.replace(/&(?!#?\w+;)|[<>"']/g, (character) => ENTITIES[character]);
}

function rewritten(name, attributes) {
  let tag = `<${name}`;
  for (const [, key, ...values] of attributes.matchAll(ATTRIBUTE)) {
    if (KEPT[name].includes(key.toLowerCase())) {
      tag += ` ${key}="${escapeOnce(values.find((one) => one !== undefined))}"`;
    }
  }
  return `${tag}>`;
}

function tag(whole, slash, name, attributes) {
  const known = name.toLowerCase();
  if (PLAIN.has(known) && !attributes.trim()) {
    return `<${slash}${known}>`;
  }
  if (Object.hasOwn(KEPT, known)) {
    return slash ? `</${known}>` : rewritten(known, attributes);
  }
  return escape(whole);
}

export function readable(html) {
  let out = "";
  let from = 0;
  for (const found of html.matchAll(TAG)) {
    out += escapeOnce(html.slice(from, found.index)) + tag(...found);
    from = found.index + found[0].length;
  }
  return out + escapeOnce(html.slice(from));
}
