// All rounds that are shown, newest on top, and the pictures in them in that order.
import { words } from "../shell/words.js";
import { part } from "./dom.js";
import { Round } from "./round.js";

export class Wall {
  constructor(root, archive, complain) {
    Object.assign(this, { root, archive, complain });
    this.list = part(root, "rounds");
    this.older = part(root, "older");
    this.rounds = new Map();
    this.next = 0;
    this.query = { words: "", everybody: false };
    this.asking = null;
    this.older.addEventListener("click", () => this.load({ more: true }));
  }

  /** The first page anew, or the next one. Live rounds stay. */
  async load({ more = false } = {}) {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.older.disabled = true;
    try {
      const before = more ? this.next : 0;
      const page = await this.archive.page({ ...this.query, before }, asking.signal);
      this.take(page, more);
    } catch (error) {
      if (asking.signal.aborted) {
        return; // another question has taken its place
      }
      this.complain(error, () => this.load({ more }));
    }
    this.older.disabled = false;
    part(this.root, "loading").hidden = true;
    this.note();
  }

  take({ rounds, next }, more) {
    if (!more) {
      for (const round of this.rounds.values()) {
        if (!round.running || !round.live) {
          this.drop(round);
        }
      }
    }
    const first = more ? this.older : null;
    const made = rounds.filter(({ id }) => !this.rounds.has(id)).map((facts) => this.keep(new Round(facts)));
    this.list.append(...made.map((round) => round.element));
    if (first && made.length) {
      made[0].element.querySelector("button")?.focus({ preventScroll: true });
    }
    this.next = next;
    this.older.hidden = !next;
  }

  begin(facts) {
    const round = this.keep(new Round({ ...facts, state: "running" }));
    round.live = true;
    this.list.prepend(round.element);
    this.note();
    if (facts.round === 1) {
      round.element.scrollIntoView({ block: "nearest" });
    }
    return round;
  }

  keep(round) {
    this.rounds.set(round.facts.id, round);
    return round;
  }

  drop(round) {
    this.rounds.delete(round.facts.id);
    round.element.remove();
  }

  /** Take these off the page; a round whose last picture goes, goes too. */
  remove({ rounds = [], pictures = [] }) {
    for (const id of rounds) {
      this.drop(this.rounds.get(id));
    }
    for (const round of this.rounds.values()) {
      if (round.facts.pictures.some(({ id }) => pictures.includes(id))) {
        round.without(pictures);
        if (!round.facts.pictures.length && !round.running) {
          this.drop(round);
        }
      }
    }
    this.note();
  }

  pictures() {
    return [...this.list.querySelectorAll(".tile.ready")];
  }

  note() {
    const empty = !this.rounds.size;
    part(this.root, "empty").hidden = !empty || !part(this.root, "loading").hidden;
    part(this.root, "empty-text").textContent = this.query.words ? words.noMatch : words.noPictures;
  }
}
