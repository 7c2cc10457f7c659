// Untrusted HTML to a fragment in which nothing can act. The only user of DOMPurify.
import "../../../vendor/dompurify-3.4.18/purify.min.js";

const purify = globalThis.DOMPurify(window);

const ANSWER = {
  ALLOWED_TAGS: (
    "a b blockquote br code del div em h3 h4 h5 h6 hr i img ins kbd li mark ol p pre s " +
    "small span strong sub sup table tbody td th thead tr u ul video"
  ).split(" "),
  ALLOWED_ATTR: "align alt class height href src start title width".split(" "),
  ADD_URI_SAFE_ATTR: ["align", "height", "start", "width"],
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:|\/v1\/files\/)/i,
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};
const COLOURS = {
  ALLOWED_TAGS: ["span", "#text"],
  ALLOWED_ATTR: ["class"],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};
ANSWER.ALLOWED_TAGS.push("#text");

const CLASSES = /^(?:language-\S{1,40}|formula|formula-block|raw|task)$/;

/** Also takes classes away that would let an answer look like a part of the page. */
export function cleaned(html) {
  const fragment = purify.sanitize(html, ANSWER);
  for (const element of fragment.querySelectorAll("[class]")) {
    const kept = [...element.classList].filter((name) => CLASSES.test(name));
    element.className = kept.join(" ");
  }
  return fragment;
}

export function coloured(html) {
  return purify.sanitize(html, COLOURS);
}
