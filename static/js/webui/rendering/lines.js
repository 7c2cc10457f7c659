// Lines that no parser should see, because reading them takes too long. Looks at each
// character a few times at most.
import { LINE, SPACES, WORD } from "./limits.js";

const NESTED = /^(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))){16}/;
const NESTED_MAX = 256;

/** Where the first run of more than `most` such characters has gone too far; or -1. */
function tooFar(line, pattern, most) {
  for (const { 0: run, index } of line.matchAll(pattern)) {
    if (run.length > most) {
      return index + most;
    }
  }
  return -1;
}

/** How far one may look into the line until it shows; -1: it is good. */
function shows(line) {
  if (NESTED.test(line.slice(0, NESTED_MAX))) {
    return 0;
  }
  const found = [line.length > LINE ? LINE : -1];
  if (line.length > SPACES) {
    found.push(tooFar(line, / +/g, SPACES));
  }
  if (line.length > WORD) {
    found.push(tooFar(line, /[!-~]+/g, WORD));
  }
  const places = found.filter((place) => place >= 0);
  return places.length ? Math.min(...places) : -1;
}

/** The first such line: where it begins and where that shows. */
export function badLine(text) {
  let from = 0;
  while (from < text.length) {
    const next = text.indexOf("\n", from);
    const end = next < 0 ? text.length : next;
    const place = shows(text.slice(from, end));
    if (place >= 0) {
      return { from, end: from + place };
    }
    from = end + 1;
  }
  return null;
}
