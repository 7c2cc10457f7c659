// What the gateway keeps of the wall: reading it, taking things off, bringing them back.
const LIMIT_MS = 30_000;

export class Archive {
  constructor({ wall, remove, undo }, token) {
    this.paths = { wall, remove, undo };
    this.token = token;
  }

  /** {rounds, next}, newest first. */
  page({ before = 0, words = "", everybody = false }, signal) {
    const address = new URL(this.paths.wall, location.href);
    const query = { before: before || "", q: words, all: everybody ? "1" : "" };
    for (const [name, value] of Object.entries(query)) {
      if (value) {
        address.searchParams.set(name, value);
      }
    }
    return read(fetch(address, { signal: limited(signal) }));
  }

  remove(named) {
    return this.post(this.paths.remove, named);
  }

  undo(token) {
    return this.post(this.paths.undo, { undo: token });
  }

  post(path, body) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.token };
    const signal = limited();
    return read(fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal }));
  }
}

function limited(signal) {
  const limit = AbortSignal.timeout(LIMIT_MS);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}

async function read(answering) {
  const answer = await answering;
  const told = await answer.json();
  if (!answer.ok) {
    throw new Error(told.error?.message ?? `${answer.status}`);
  }
  return told;
}
