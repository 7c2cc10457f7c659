// What a cleaned fragment lacks: links that open beside the page, pictures and films of
// our own with their place kept, boxes around code and tables. Nothing is loaded from
// elsewhere; what would be becomes a link. The fragment is not on the page yet.
import { boxCode, boxTable } from "./boxes.js";

const OWN = /^\/v1\/files\/(image|video)$/;
const PICTURE = /^data:image\/(?:png|jpeg|webp|gif);base64,/;
const CITATION = /^\[\d{1,3}\]$/;
const USUAL = { image: [1024, 1024], video: [1280, 720] };
const SIZE_MAX = 8192;

function parsed(address) {
  try {
    return new URL(address, location.href);
  } catch {
    return null;
  }
}

function isOwn(url) {
  return url?.origin === location.origin && url.pathname.startsWith("/v1/files/");
}

/** "image" or "video" if `address` is a kept file of this gateway. */
function ownKind(address) {
  const url = parsed(address);
  return isOwn(url) ? (url.pathname.match(OWN)?.[1] ?? null) : null;
}

function mayLoad(address, { origins }) {
  return Boolean(ownKind(address)) || origins.includes(parsed(address)?.origin);
}

function number(text) {
  const found = /^\d{1,4}$/.test(text ?? "") ? Number(text) : 0;
  return found > 0 && found <= SIZE_MAX ? found : 0;
}

/** The place of a picture is kept before it is there. */
function reserve(element, kind, address, asked, { measure }) {
  const known = measure(address);
  const told = [number(asked?.getAttribute("width")), number(asked?.getAttribute("height"))];
  const [width, height] = known ?? (told[0] && told[1] ? told : USUAL[kind]);
  element.width = width;
  element.height = height;
}

function picture(address, alt, asked, options) {
  const image = document.createElement("img");
  image.loading = "lazy";
  image.decoding = "async";
  image.alt = alt || options.words.answer_image;
  reserve(image, "image", address, asked, options);
  image.src = address;
  return image;
}

function film(address, asked, options) {
  const video = document.createElement("video");
  video.controls = true;
  video.preload = "metadata";
  video.playsInline = true;
  video.setAttribute("aria-label", options.words.answer_video);
  reserve(video, "video", address, asked, options);
  video.src = address;
  return video;
}

function link(address, text) {
  const made = document.createElement("a");
  made.href = address;
  made.textContent = text;
  outside(made);
  return made;
}

function outside(anchor) {
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
}

export function inlinePicture(alt, head, data, options) {
  return data
    ? picture(head + data, alt, null, options)
    : document.createTextNode(`[${alt || options.words.answer_image}]`);
}

/** Of scripts and other pages of ours nothing is left but the text. */
function furnishLink(anchor, options) {
  const url = parsed(anchor.getAttribute("href"));
  const absolute = /^(?:https?:\/\/|mailto:)/i.test(anchor.getAttribute("href") ?? "");
  if (!url || !(absolute || isOwn(url))) {
    anchor.replaceWith(...anchor.childNodes);
    return;
  }
  const kind = ownKind(anchor.href);
  if (kind && !anchor.querySelector("img, video")) {
    const made =
      kind === "video"
        ? film(anchor.href, null, options)
        : picture(anchor.href, anchor.textContent, null, options);
    if (kind === "video") {
      anchor.replaceWith(made);
      return;
    }
    anchor.replaceChildren(made);
  }
  anchor.classList.toggle("citation", CITATION.test(anchor.textContent));
  outside(anchor);
}

function furnishImage(image, options) {
  const address = image.getAttribute("src") ?? "";
  const alt = image.alt;
  if (PICTURE.test(address) || mayLoad(address, options)) {
    const kind = ownKind(address);
    image.replaceWith(
      kind === "video" ? film(address, image, options) : picture(address, alt, image, options),
    );
    return;
  }
  const text = alt || options.words.answer_image;
  const inLink = image.closest("a") || !/^https?:\/\//i.test(address);
  image.replaceWith(inLink ? text : link(address, text));
}

function furnishVideo(video, options) {
  const address = video.getAttribute("src") ?? "";
  if (mayLoad(address, options)) {
    video.replaceWith(film(address, video, options));
  } else if (/^https?:\/\//i.test(address)) {
    video.replaceWith(link(address, options.words.answer_video));
  } else {
    video.remove();
  }
}

export function furnish(fragment, options) {
  for (const image of fragment.querySelectorAll("img")) {
    furnishImage(image, options);
  }
  for (const video of fragment.querySelectorAll("video")) {
    furnishVideo(video, options);
  }
  for (const anchor of fragment.querySelectorAll("a")) {
    furnishLink(anchor, options);
  }
  for (const pre of fragment.querySelectorAll("pre")) {
    boxCode(pre, options.words);
  }
  for (const table of fragment.querySelectorAll("table")) {
    boxTable(table, options.words);
  }
}
