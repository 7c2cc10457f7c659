// One picture of the wall, large; arrows lead to its neighbours, Escape back to its tile.
import { fill, words } from "../shell/words.js";
import { part } from "./dom.js";

export class Viewer {
  /** `deeds` are called with (picture, round) by the name of the button. */
  constructor(dialog, wall, deeds) {
    Object.assign(this, { dialog, wall, deeds, tile: null });
    this.image = part(dialog, "image");
    this.image.addEventListener("error", () => {
      part(dialog, "failed").hidden = false;
    });
    dialog.addEventListener("keydown", (event) => this.key(event));
    dialog.addEventListener("click", (event) => this.click(event));
    dialog.addEventListener("close", () => this.closed());
  }

  open(tile) {
    this.show(tile);
    this.dialog.showModal();
    part(this.dialog, "download").focus();
  }

  show(tile) {
    this.tile = tile;
    const { picture } = tile;
    const { facts } = tile.closest(".round").round;
    part(this.dialog, "failed").hidden = true;
    this.image.width = picture.width || 1024;
    this.image.height = picture.height || 1024;
    this.image.src = picture.url;
    this.image.alt = facts.prompt;
    part(this.dialog, "prompt").textContent = facts.prompt;
    const tiles = this.wall.pictures();
    const place = { number: tiles.indexOf(tile) + 1, count: tiles.length };
    part(this.dialog, "place").textContent = fill(words.place, place);
    const download = part(this.dialog, "download");
    download.href = picture.url;
    download.download = picture.name;
    for (const name of ["previous", "next"]) {
      this.dialog.querySelector(`[data-deed="${name}"]`).hidden = tiles.length < 2;
    }
  }

  step(far) {
    const tiles = this.wall.pictures();
    const at = tiles.indexOf(this.tile) + far;
    this.show(tiles[(at + tiles.length) % tiles.length]);
  }

  key(event) {
    const far = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (far) {
      event.preventDefault();
      this.step(far);
    } else if (event.key === "Delete") {
      this.act("delete");
    }
  }

  click(event) {
    const button = event.target.closest("[data-deed]");
    if (button) {
      this.act(button.dataset.deed);
    } else if (event.target === this.dialog) {
      this.dialog.close();
    }
  }

  async act(deed) {
    const own = { close: () => this.dialog.close(), previous: () => this.step(-1), next: () => this.step(1) };
    if (own[deed]) {
      own[deed]();
      return;
    }
    const { tile } = this;
    const near = this.neighbour();
    const gone = await this.deeds[deed](tile.picture, tile.closest(".round").round);
    if (deed === "reuse" || deed === "refer") {
      this.dialog.close();
      this.deeds.after();
    } else if (gone && this.tile === tile) {
      this.leave(near);
    }
  }

  /** Where to go when this picture goes. */
  neighbour() {
    const tiles = this.wall.pictures();
    const at = tiles.indexOf(this.tile);
    return tiles[at + 1] ?? tiles[at - 1] ?? null;
  }

  leave(near) {
    this.tile = near;
    if (near) {
      this.show(near);
    } else {
      this.dialog.close();
    }
  }

  closed() {
    this.image.removeAttribute("src");
    const tile = this.tile?.isConnected ? part(this.tile, "open") : null;
    tile?.focus();
  }
}
