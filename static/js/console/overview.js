// Keeps the overview's figures up to date while somebody looks at them.
const EVERY_MS = 15_000;
const board = document.querySelector("[data-latest]");

function isBusy(panel) {
  return panel.contains(document.activeElement) && document.activeElement !== panel;
}

/** Puts the new panel in place of the old; what was folded open stays open. */
function replace(panel, html) {
  const opened = Array.from(panel.querySelectorAll("details"), (one) => one.open);
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const fresh = holder.content.firstElementChild;
  fresh.querySelectorAll("details").forEach((one, index) => {
    one.open = opened[index] ?? false;
  });
  panel.replaceWith(fresh);
}

async function refresh() {
  if (document.hidden) {
    return;
  }
  const answer = await fetch(board.dataset.latest, {
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(EVERY_MS),
  });
  if (!answer.ok || answer.redirected) {
    return;
  }
  const { panels } = await answer.json();
  for (const [name, html] of Object.entries(panels)) {
    const panel = document.getElementById(`panel-${name}`);
    if (panel && !isBusy(panel)) {
      replace(panel, html);
    }
  }
}

function keep() {
  refresh().catch(() => {}); // the next round tries again
}

if (board) {
  setInterval(keep, EVERY_MS);
  document.addEventListener("visibilitychange", keep);
}
