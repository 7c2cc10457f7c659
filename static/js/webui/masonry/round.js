// One round on the wall: its prompt, its chips, its tiles, whether live or kept.
import { fill, words } from "../shell/words.js";
import { language, make, part, stamp } from "./dom.js";
import { showFault } from "./faults.js";

const RATIO_OF_REFERENCE = "1:1";
const PERCENT = new Intl.NumberFormat(language, { style: "percent" });
const TIME = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const STATES = {
  running: "stateRunning",
  success: "stateSuccess",
  partial: "statePartial",
  failed: "stateFailed",
  stopped: "stateStopped",
};

export class Round {
  /** `facts` as the wall gives them; a live one has no pictures yet. */
  constructor(facts) {
    this.facts = { pictures: [], moderated: 0, own: true, error: null, ...facts };
    this.element = stamp("template-round");
    this.element.round = this;
    this.tiles = part(this.element, "tiles");
    this.tiles.dataset.ratio = facts.referred ? RATIO_OF_REFERENCE : facts.aspect_ratio;
    part(this.element, "prompt").textContent = facts.prompt;
    part(this.element, "prompt").title = facts.prompt;
    this.lay();
    this.tell();
  }

  get running() {
    return this.facts.state === "running";
  }

  lay() {
    const { pictures, moderated, count } = this.facts;
    const tiles = pictures.map((picture) => this.readyTile(picture));
    if (this.running) {
      for (let order = tiles.length; order < count; order += 1) {
        tiles.push(pendingTile(order));
      }
    } else if (this.facts.state !== "failed") {
      const withheld = Array.from({ length: moderated }, () => stamp("template-filtered"));
      tiles.push(...withheld);
    }
    this.tiles.replaceChildren(...tiles);
  }

  readyTile(picture) {
    const tile = stamp("template-ready");
    const image = part(tile, "image");
    if (picture.width && picture.height) {
      image.width = picture.width;
      image.height = picture.height;
    }
    image.src = picture.url;
    const open = part(tile, "open");
    open.setAttribute("aria-label", fill(words.openPicture, { prompt: this.facts.prompt }));
    tile.picture = picture;
    return tile;
  }

  advance({ order, progress }) {
    let tile = this.tiles.children[order];
    if (!tile?.matches(".pending")) {
      const waiting = pendingTile(order);
      tile?.replaceWith(waiting);
      tile = waiting;
    }
    tile.querySelector("progress").value = progress;
    part(tile, "percent").textContent = PERCENT.format(progress / 100);
  }

  withhold({ order }) {
    this.tiles.children[order]?.replaceWith(stamp("template-filtered"));
  }

  finish({ order, id, url, width, height }) {
    const name = `${id}.jpg`;
    const picture = { id, url, width, height, name };
    this.facts.pictures.push(picture);
    this.tiles.children[order]?.replaceWith(this.readyTile(picture));
    this.tell();
  }

  /** The round is over: nothing more will come for the tiles that wait. */
  end({ state, moderated = 0, error = null }) {
    Object.assign(this.facts, { state, moderated, error });
    for (const tile of this.tiles.querySelectorAll(".pending")) {
      tile.replaceWith(stamp("template-missing"));
    }
    if (state === "failed") {
      this.tiles.replaceChildren();
    }
    this.tell();
  }

  without(ids) {
    this.facts.pictures = this.facts.pictures.filter((one) => !ids.includes(one.id));
    for (const tile of this.tiles.querySelectorAll(".ready")) {
      if (ids.includes(tile.picture.id)) {
        tile.remove();
      }
    }
    this.tell();
  }

  tell() {
    const { facts } = this;
    const ratio = facts.referred ? words.referred : facts.aspect_ratio;
    const texts = [ratio, words[facts.quality === "speed" ? "fast" : "best"]];
    if (facts.round > 1 || facts.rounds > 1) {
      texts.push(fill(words.roundNumber, { number: facts.round }));
    }
    texts.push(`${facts.pictures.length} / ${facts.count}`);
    texts.push(TIME.format(new Date(facts.created_at)));
    if (!facts.own) {
      texts.push(words.ofOther);
    }
    const state = make("li", { className: `state ${facts.state}`, textContent: words[STATES[facts.state]] });
    const chips = texts.map((textContent) => make("li", { textContent }));
    part(this.element, "chips").replaceChildren(state, ...chips);
    showFault(part(this.element, "fault"), facts.error);
    for (const deed of ["again", "delete"]) {
      this.element.querySelector(`[data-deed="${deed}"]`).disabled = this.running;
    }
  }
}

function pendingTile(order) {
  const tile = stamp("template-pending");
  const label = fill(words.pictureProgress, { number: order + 1 });
  tile.querySelector("progress").setAttribute("aria-label", label);
  part(tile, "percent").textContent = PERCENT.format(0);
  return tile;
}
