// Jobs on every page of the console: the tray, and what the page itself shows of them.
import { Feed } from "./jobs/feed.js";
import * as page from "./jobs/page.js";
import { Tray } from "./jobs/tray.js";

const root = document.querySelector("[data-tray]");
if (root) {
  const tray = new Tray(root);
  const shown = new Set(page.watched());
  const own = new Set(tray.jobs.keys());

  function take(frame) {
    if (frame.type === "item_failed") {
      page.failed(frame);
      return;
    }
    page.update(frame);
    tray.note(frame);
  }

  const feed = new Feed(root.dataset.socket, root.dataset.states, take);
  feed.start([...shown, ...own]);
}
