// The texts of this page, in its language.
export const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");

/** Put values where a text has {name}. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
