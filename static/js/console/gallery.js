// Shows a kept file over the list; without this, links open the file itself.
const dialog = document.getElementById("preview");
const links = Array.from(document.querySelectorAll("[data-preview]"));
const stage = dialog.querySelector("[data-stage]");
const failed = dialog.querySelector("[data-failed]");
let at = 0;

function shown(link) {
  const film = link.dataset.preview === "video";
  const made = document.createElement(film ? "video" : "img");
  if (film) {
    made.controls = true;
    made.preload = "metadata";
    made.setAttribute("aria-label", link.dataset.name);
  } else {
    made.alt = link.dataset.name;
  }
  made.addEventListener("error", () => {
    failed.hidden = false;
  });
  made.src = link.href;
  return made;
}

/** Leaves nothing behind that would go on loading or playing. */
function clear() {
  const old = stage.firstElementChild;
  if (old?.matches("video")) {
    old.pause();
    old.removeAttribute("src");
    old.load();
  }
  stage.replaceChildren();
  failed.hidden = true;
}

function show(index) {
  at = (index + links.length) % links.length;
  const link = links[at];
  clear();
  stage.append(shown(link));
  dialog.querySelector("h2").textContent = link.dataset.name;
  dialog.querySelector("[data-place]").textContent = `${at + 1} / ${links.length}`;
  const download = dialog.querySelector("[data-download]");
  download.href = link.href;
  download.download = link.dataset.name;
  const copy = dialog.querySelector("[data-copy-link]");
  const inRow = link.closest("tr").querySelector("[data-copy-link]");
  copy.dataset.copyLink = inRow?.dataset.copyLink ?? link.href;
  copy.textContent = copy.dataset.label;
}

function open(event) {
  const link = event.target.closest("[data-preview]");
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (!link || elsewhere || event.button) {
    return;
  }
  event.preventDefault();
  show(links.indexOf(link));
  dialog.showModal();
}

function step(event) {
  const far = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (far && !event.target.closest("video")) {
    event.preventDefault();
    show(at + far);
  }
}

const copy = dialog.querySelector("[data-copy-link]");
copy.dataset.label = copy.textContent;
document.getElementById("changelist-form")?.addEventListener("click", open);
dialog.addEventListener("keydown", step);
dialog.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (button) {
    show(at + Number(button.dataset.step));
  } else if (event.target === dialog) {
    dialog.close();
  }
});
dialog.addEventListener("close", () => {
  clear();
  links[at]?.focus();
});
