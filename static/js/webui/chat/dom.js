// The page's own elements: copies of its templates, its icons, its dates and numbers.
export { fill } from "../shell/words.js";

const ICONS = "http://www.w3.org/2000/svg";
export const language = document.documentElement.lang || "en";

/** A copy of the one element in a <template>. */
export function stamp(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

export function part(root, name) {
  return root.querySelector(`[data-part="${name}"]`);
}

/** An element with properties, attributes in `data` aside, and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { data = {}, ...others } = properties;
  Object.assign(element, others);
  Object.assign(element.dataset, data);
  element.append(...children);
  return element;
}

export function icon(name) {
  const image = document.createElementNS(ICONS, "svg");
  image.setAttribute("class", "icon");
  image.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(ICONS, "use");
  use.setAttribute("href", `#icon-${name}`);
  image.append(use);
  return image;
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

export function sizeText(bytes) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1024)));
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: UNITS[power],
    unitDisplay: "short",
    maximumFractionDigits: power ? 1 : 0,
  }).format(bytes / 1024 ** power);
}

export function secondsText(milliseconds) {
  const seconds = milliseconds / 1000;
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: "second",
    unitDisplay: "narrow",
    maximumFractionDigits: seconds < 10 ? 1 : 0,
  }).format(seconds);
}

export function numberText(number) {
  return new Intl.NumberFormat(language).format(number);
}

export function clockText(time) {
  return new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(time);
}

export function dateText(time) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(time);
}

export function download(name, blob) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
