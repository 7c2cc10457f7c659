// What every page of the Web UI does: its menu closes, its language is chosen at once.
function closeMenus(except) {
  for (const open of document.querySelectorAll("details.menu[open]")) {
    if (!open.contains(except)) {
      open.open = false;
    }
  }
}

document.addEventListener("click", ({ target }) => closeMenus(target));

document.addEventListener("keydown", (event) => {
  const open = document.querySelector("details.menu[open]");
  if (event.key === "Escape" && open) {
    event.stopPropagation();
    closeMenus(null);
    open.querySelector("summary").focus();
  }
}, { capture: true });
