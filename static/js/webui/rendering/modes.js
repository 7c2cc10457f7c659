// Blocks that need no parser and may have any length: they are written on as they come.
// `read(text, whole)` takes what it can and says what is left, and whether it has ended.

const FENCE = /^( {0,3})(`{3,}(?=[^`\n]*\n)|~{3,})([^\n]*)\n/;
const PICTURE = /^!\[([^\]\n]{0,200})\]\((data:image\/(?:png|jpeg|webp|gif);base64,)/;
const PICTURE_MAX = 32 * 1024 * 1024;
const BLANK = /\n[ \t]*(?=\n)/;

/** A block of code, from behind its opening line to its closing fence. */
class Fence {
  constructor(writer, indent, mark) {
    this.writer = writer;
    this.indent = new RegExp(`^ {0,${indent}}`);
    this.closing = new RegExp(`^ {0,3}\\${mark[0]}{${mark.length},}[\`~]*[ \\t]*$`);
    this.inLine = false;
    this.started = false;
  }

  read(text, whole) {
    let rest = text;
    for (;;) {
      const end = rest.indexOf("\n");
      if (end < 0) {
        return this.last(rest, whole);
      }
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      if (!this.inLine && this.closing.test(line)) {
        return { rest, ended: true };
      }
      this.write(line);
      this.inLine = false;
    }
  }

  /** A line without its end: kept back while it may still close the block. */
  last(line, whole) {
    const closes = !this.inLine && this.closing.test(line);
    if (!whole && !this.inLine && /^[ `~\t]*$/.test(line)) {
      return { rest: line, ended: false };
    }
    if (line && !closes) {
      this.write(line);
      this.inLine = true;
    }
    return { rest: "", ended: whole };
  }

  write(line) {
    if (this.inLine) {
      this.writer.write(line);
      return;
    }
    const lead = this.started ? "\n" : "";
    this.started = true;
    this.writer.write(lead + line.replace(this.indent, ""));
  }
}

/** What no parser should see, up to the next blank line. */
class Plain {
  constructor(writer) {
    this.writer = writer;
  }

  read(text, whole) {
    const blank = text.match(BLANK);
    if (blank) {
      this.writer.write(text.slice(0, blank.index));
      return { rest: text.slice(blank.index), ended: true };
    }
    const kept = whole ? "" : text.match(/\n?[ \t]*$/)[0];
    this.writer.write(text.slice(0, text.length - kept.length));
    return { rest: kept, ended: whole };
  }
}

/** A picture that stands in the text itself; hardly readable, and megabytes long. */
class Picture {
  constructor(writer) {
    this.writer = writer;
    this.data = [];
    this.length = 0;
  }

  read(text, whole) {
    const end = text.search(/[^\w+/=]/);
    const part = end < 0 ? text : text.slice(0, end);
    this.data.push(part);
    this.length += part.length;
    if (end < 0 && !whole && this.length < PICTURE_MAX) {
      return { rest: "", ended: false };
    }
    const good = text[end] === ")";
    this.writer.write(good ? this.data.join("") : "");
    return { rest: end < 0 ? "" : text.slice(end + (good ? 1 : 0)), ended: true };
  }
}

/** The mode that `text` begins with, and how much of it its head took. */
export function modeOf(text, sheet) {
  const fence = text.match(FENCE);
  if (fence) {
    const writer = sheet.code(fence[3].trim());
    return { mode: new Fence(writer, fence[1].length, fence[2]), taken: fence[0].length };
  }
  const picture = text.match(PICTURE);
  if (picture) {
    const writer = sheet.picture(picture[1], picture[2]);
    return { mode: new Picture(writer), taken: picture[0].length };
  }
  return null;
}

export function plain(sheet) {
  return new Plain(sheet.plain());
}
