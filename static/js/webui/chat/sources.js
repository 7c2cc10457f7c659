// Where an answer has its knowledge from, and the steps that led to it.
import { fill, icon, make, part } from "./dom.js";

const FIRST = 20;

export function drawSources(box, citations, { words }) {
  box.hidden = !citations.length;
  if (!citations.length || box.dataset.count === String(citations.length)) {
    return;
  }
  box.dataset.count = citations.length;
  part(box, "sources-name").textContent = fill(words.sources, { count: citations.length });
  part(box, "sources-list").replaceChildren(...citations.map(source));
}

function source({ url, title }) {
  const link = address(url);
  const name = link ? title : String(url);
  const text = make("span", { className: "source-title", textContent: name });
  if (!link) {
    return make("li", {}, text);
  }
  const host = make("span", { className: "source-host", textContent: link.host });
  const anchor = make("a", { href: link.href, target: "_blank", rel: "noopener noreferrer" });
  anchor.append(text, host);
  return make("li", {}, anchor);
}

/** Addresses of the web only: a model may name any. */
function address(text) {
  const url = URL.parse ? URL.parse(text) : parsed(text);
  return url && /^https?:$/.test(url.protocol) ? url : null;
}

function parsed(text) {
  try {
    return new URL(text);
  } catch {
    return null; // no address
  }
}

export function drawTools(list, tools, { words }) {
  list.hidden = !tools.length;
  for (const [index, tool] of tools.slice(0, FIRST).entries()) {
    const row = list.children[index] ?? list.appendChild(make("li", {}, icon(iconOf(tool))));
    const name = words[`tool_${tool.name}`] ?? tool.title ?? String(tool.name ?? "").replaceAll("_", " ");
    const detail = tool.query ?? tool.arguments ?? "";
    row.replaceChildren(
      icon(iconOf(tool)),
      make("span", { className: "tool-name", textContent: name }),
      make("span", { className: "tool-detail", textContent: String(detail) }),
    );
  }
}

function iconOf({ name = "" }) {
  if (/search/.test(name)) {
    return "search";
  }
  return /browse|page/.test(name) ? "page" : "tool";
}
