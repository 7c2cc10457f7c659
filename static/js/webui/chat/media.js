// Pictures and films of an answer: places that keep their size while they are made, a
// viewer for what is done.
import { fill, icon, make, part } from "./dom.js";

export function drawMedia(box, media, page) {
  box.hidden = !media.length;
  box.dataset.count = Math.min(media.length, 4);
  media.forEach((one, index) => {
    const place = box.children[index] ?? box.appendChild(make("figure", { className: "medium" }));
    const shown = one.withheld ? "withheld" : (one.url ?? "");
    if (place.dataset.shown !== shown || !place.children.length) {
      place.dataset.shown = shown;
      place.replaceChildren(one.withheld ? lost(page.words.withheld) : picture(one, index, page));
      place.classList.toggle("pending", !one.url);
    }
    if (!shown) {
      advance(place, one.progress ?? 0, page);
    }
  });
}

function picture(one, index, page) {
  return one.url ? finished(one, index, page) : pending(page);
}

function pending({ words }) {
  const bar = make("progress", { max: 100, ariaLabel: words.beingMade });
  return make("div", { className: "medium-wait" }, bar, make("span", { data: { part: "percent" } }));
}

function advance(place, progress, { words }) {
  place.querySelector("progress").value = progress;
  part(place, "percent").textContent = fill(words.percent, { percent: Math.round(progress) });
}

function finished(one, index, page) {
  const url = local(one.url);
  if (one.kind === "video") {
    const film = make("video", { src: url, controls: true, preload: "metadata", playsInline: true });
    film.setAttribute("aria-label", page.words.video);
    sized(film, one);
    film.addEventListener("error", () => film.replaceWith(lost(page.words.mediaGone)), { once: true });
    return film;
  }
  const name = fill(page.words.picture, { number: index + 1 });
  const image = make("img", { src: url, alt: name, loading: "lazy", decoding: "async" });
  sized(image, one);
  const button = make("button", { type: "button", className: "picture", data: { picture: url } });
  button.setAttribute("aria-label", fill(page.words.viewPicture, { number: index + 1 }));
  button.append(image);
  image.addEventListener("error", () => button.replaceWith(lost(page.words.mediaGone)), { once: true });
  return button;
}

/** Nothing but files of the web and of this gateway is loaded. */
function local(address) {
  return /^(https?:|\/(?!\/)|blob:|data:(image|video)\/)/i.test(address) ? address : "";
}

function sized(element, { width, height }) {
  if (width && height) {
    element.width = width;
    element.height = height;
  }
}

function lost(text) {
  return make("p", { className: "medium-lost" }, icon("image"), text);
}

/** A dialog that shows one picture after another of those on the page. */
export class Viewer {
  constructor(dialog, thread, words) {
    Object.assign(this, { dialog, thread, words });
    this.image = part(dialog, "view-image");
    thread.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-picture]");
      if (button) {
        this.show(button);
      }
    });
    part(dialog, "view-back").addEventListener("click", () => this.step(-1));
    part(dialog, "view-on").addEventListener("click", () => this.step(1));
    part(dialog, "view-close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("keydown", ({ key }) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
      if (step) {
        this.step(step);
      }
    });
    dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
    dialog.addEventListener("close", () => this.button?.focus());
  }

  get all() {
    return [...this.thread.querySelectorAll("[data-picture]")];
  }

  show(button) {
    const { all } = this;
    const at = all.indexOf(button);
    this.button = button;
    this.image.src = button.dataset.picture;
    this.image.alt = button.querySelector("img").alt;
    part(this.dialog, "view-place").textContent = fill(this.words.pictureOf, {
      number: at + 1,
      count: all.length,
    });
    part(this.dialog, "view-save").href = button.dataset.picture;
    for (const name of ["view-back", "view-on"]) {
      part(this.dialog, name).hidden = all.length < 2;
    }
    if (!this.dialog.open) {
      this.dialog.showModal();
    }
  }

  step(by) {
    const { all } = this;
    this.show(all[(all.indexOf(this.button) + by + all.length) % all.length]);
  }
}
