// Text that comes in pieces, to blocks: those that are finished, each given out once, and
// those at the end that may still change. Only the latter are read again.
import { cutOf, isTooLong, isWaiting } from "./cuts.js";
import { badLine } from "./lines.js";
import { MARGIN } from "./limits.js";
import { tokens } from "./markdown.js";
import { modeOf, plain } from "./modes.js";

const BLANK_LINES = /^(?:[ \t]*\n)+/;
const LAST_SPACES = /[ \t]+$/; // of which the parser would make a line break

export class Reader {
  /** `sheet` is given the blocks. */
  constructor(sheet) {
    this.sheet = sheet;
    this.tail = "";
    this.mode = null;
    this.carry = null;
    this.links = Object.create(null);
    this.held = "";
  }

  /** `whole`: nothing will follow. False if there was no time left to do all that can
      be done: to be called again, then. */
  read(text, whole, deadline) {
    const lines = this.held + text;
    this.held = !whole && lines.endsWith("\r") ? "\r" : "";
    const end = lines.length - this.held.length;
    this.tail += lines.slice(0, end).replace(/\r\n?/g, "\n").replaceAll("\0", "\ufffd");
    let more = this.step(whole);
    while (more && performance.now() < deadline) {
      more = this.step(whole);
    }
    return !more;
  }

  /** Whether there may be more to do. */
  step(whole) {
    if (this.mode) {
      return this.goOn(whole);
    }
    if (!this.carry) {
      this.tail = this.tail.replace(BLANK_LINES, "");
      const found = modeOf(this.tail, this.sheet);
      if (found) {
        this.mode = found.mode;
        this.tail = this.tail.slice(found.taken);
        return true;
      }
    }
    return this.parse(whole);
  }

  goOn(whole) {
    const { rest, ended } = this.mode.read(this.tail, whole);
    this.tail = rest;
    if (ended) {
      this.mode = null;
      this.sheet.close();
    }
    return ended && rest !== "";
  }

  parse(whole) {
    const bad = badLine(this.tail);
    const text = bad ? this.tail.slice(0, bad.end) : this.tail;
    const entries = this.entries(text, whole && !bad);
    if (!entries) {
      return this.enterPlain(0);
    }
    let done = 0;
    for (const [index, entry] of entries.entries()) {
      if (index && modeOf(text.slice(entry.start), NOWHERE)) {
        this.tail = this.tail.slice(entry.start);
        return true;
      }
      if (done && entries[index - 1].token.type === "def" && entry.token.type !== "def") {
        this.tail = this.tail.slice(entry.start);
        return true; // what follows is read with the links that are known now
      }
      if (isTooLong(entry.token, entry.length) && this.shorten(entry, index)) {
        return true;
      }
      if (!(whole && !bad) && !this.isSure(entries[index + 1], text)) {
        break;
      }
      this.finish(entry);
      done = index + 1;
    }
    return this.keep(entries, done, bad);
  }

  /** Tokens with their places; null if the parser gave up or lost its place. */
  entries(text, whole) {
    const prefix = this.carry?.prefix ?? "";
    const source = prefix + text.replace(LAST_SPACES, "");
    const found = [];
    let at = 0;
    for (const token of this.tokens(source, whole)) {
      if (!source.startsWith(token.raw, at)) {
        return null;
      }
      const start = Math.max(0, at - prefix.length);
      at += token.raw.length;
      if (token.type !== "space") {
        const carry = found.length ? null : this.carry;
        found.push({ token, start, length: at - prefix.length - start, carry });
      }
    }
    return at === source.length ? found : null;
  }

  tokens(source, whole) {
    try {
      return tokens(source, this.links, whole);
    } catch (error) {
      if (error instanceof RangeError) {
        return [];
      }
      throw error;
    }
  }

  /** Whether `next` has begun for good, so that the block before it has ended: half a
      line may yet turn out to belong to that one. */
  isSure(next, text) {
    if (!next || next.token.open) {
      return false;
    }
    return text.length - next.start > MARGIN || text.endsWith("\n");
  }

  finish({ token, carry }) {
    this.carry = null;
    if (token.type === "def") {
      this.links[token.tag] ??= { href: token.href, title: token.title };
      this.sheet.defined(token.tag, this.links);
    } else {
      this.sheet.finish(token, carry);
    }
  }

  /** The entry is too long: its first part is finished, or it is shown as written.
      False if it shall wait for what follows. */
  shorten(entry, index) {
    if (index) {
      this.tail = this.tail.slice(entry.start);
      return true;
    }
    const found = cutOf(entry.token, entry.carry);
    if (found) {
      this.finishText(found.cut);
      this.carry = found.carry;
      return true;
    }
    return !isWaiting(entry.token) && this.enterPlain(0);
  }

  /** Everything up to `end` is finished whatever follows. */
  finishText(end) {
    const text = this.tail.slice(0, end);
    const entries = end ? this.entries(text, true) : [];
    if (entries) {
      entries.forEach((entry) => this.finish(entry));
    } else {
      this.sheet.plain().write(text);
      this.sheet.close();
    }
    this.carry = null;
    this.tail = this.tail.slice(end);
  }

  enterPlain(from) {
    this.finishText(from);
    this.mode = plain(this.sheet);
    return true;
  }

  keep(entries, done, bad) {
    const open = entries.slice(done);
    if (bad) {
      return this.enterRest(open, done, bad);
    }
    if (done) {
      this.tail = open.length ? this.tail.slice(open[0].start) : "";
    }
    this.sheet.open(open);
    return false;
  }

  /** Before a bad line: what was finished is gone; then all up to it is. */
  enterRest(open, done, bad) {
    const start = done ? (open[0]?.start ?? bad.from) : 0;
    this.tail = this.tail.slice(start);
    return this.enterPlain(Math.max(0, bad.from - start));
  }
}

// Asks what the text begins with and draws nothing.
const NOWHERE = { code: () => null, picture: () => null };
