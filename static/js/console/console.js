// What every console page can do without the server.
import { furnishCopies } from "./copying.js";
import { nameFields } from "./names.js";
import { localTimes } from "./times.js";

/** Cells know their column, so that a phone can show a row as a card. */
function labelCells(table) {
  const heads = Array.from(table.querySelectorAll("thead th"), (head) =>
    head.textContent.trim(),
  );
  table.classList.add("cards");
  for (const row of table.tBodies[0]?.rows ?? []) {
    Array.from(row.cells).forEach((cell, column) => {
      if (heads[column]) {
        cell.dataset.label = heads[column];
        cell.classList.toggle("blank", !cell.textContent.trim() && !cell.children.length);
      }
    });
  }
}

function closeMenus(except) {
  for (const open of document.querySelectorAll("details.menu[open], details.filter[open]")) {
    if (open !== except && !open.contains(except)) {
      open.open = false;
    }
  }
}

document.querySelectorAll("table.cards, .tabular table").forEach(labelCells);

localTimes(document);
nameFields(document);
furnishCopies(document);
window.addEventListener("load", () => nameFields(document));

document.addEventListener("click", (event) => {
  closeMenus(event.target);
  event.target.closest("[data-dismiss]")?.closest(".notice")?.remove();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const open = document.querySelector("details.menu[open], details.filter[open]");
    closeMenus(null);
    open?.querySelector("summary").focus();
  }
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const search = document.getElementById("searchbar");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
});
