// The list of conversations: search, rename, pin, remove. Shows rows and says what was
// asked for; a row is a link, so that it can be opened in a tab of its own.
import { make, part, stamp } from "./dom.js";
import { groups } from "./days.js";
import { Menu } from "./panels.js";

const SEARCH_MS = 200;

export class Sessions extends EventTarget {
  constructor(root, { store, turns, words }) {
    super();
    Object.assign(this, { root, store, turns, words, open: "", found: null });
    this.list = part(root, "session-list");
    this.search = part(root, "search");
    this.menu = new Menu(part(root, "session-menu"), (action, id) => this.choose(action, id));
    this.search.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.look(), SEARCH_MS);
    });
    this.search.addEventListener("keydown", (event) => this.pressInSearch(event));
    this.list.addEventListener("click", (event) => this.click(event));
    turns.addEventListener("change", ({ detail }) => !detail.frame && this.mark());
    store.addEventListener("session", () => this.read());
  }

  async read() {
    this.rows = await this.store.sessions();
    this.draw();
  }

  shows(id) {
    this.open = id;
    this.draw();
  }

  draw() {
    if (!this.rows || this.list.querySelector("form")) {
      return; // one is being renamed
    }
    const focused = document.activeElement?.closest?.("[data-session]")?.dataset.session;
    const rows = this.found ? this.rows.filter((row) => this.found.has(row.id)) : this.rows;
    this.list.replaceChildren(
      ...groups(rows, this.words).map(({ title, rows: some }) =>
        make(
          "section",
          {},
          make("h3", { textContent: title }),
          make("ul", {}, ...some.map((row) => this.row(row))),
        ),
      ),
    );
    part(this.root, "no-sessions").hidden = rows.length > 0;
    part(this.root, "no-sessions").textContent = this.found ? this.words.noMatch : this.words.noSessions;
    this.mark();
    if (focused) {
      this.list.querySelector(`[data-session="${focused}"] a`)?.focus();
    }
  }

  row(session) {
    const row = stamp("template-session");
    row.dataset.session = session.id;
    const link = row.querySelector("a");
    link.href = `#${session.id}`;
    part(row, "title").textContent = session.title || this.words.untitled;
    const hit = this.found?.get(session.id);
    part(row, "hit").textContent = hit ?? "";
    part(row, "hit").hidden = !hit;
    if (session.id === this.open) {
      link.setAttribute("aria-current", "true");
    }
    row.classList.toggle("pinned", Boolean(session.pinned));
    return row;
  }

  /** Which of them are being written to. */
  mark() {
    for (const row of this.list.querySelectorAll("[data-session]")) {
      part(row, "busy").hidden = !this.turns.of(row.dataset.session);
    }
  }

  click(event) {
    const button = event.target.closest("[data-menu]");
    if (button) {
      const id = button.closest("[data-session]").dataset.session;
      const pinned = this.rows.find((row) => row.id === id)?.pinned;
      part(this.menu.element, "pin").hidden = Boolean(pinned);
      part(this.menu.element, "unpin").hidden = !pinned;
      this.menu.toggle(button, id);
    } else if (event.target.closest("a") && !event.ctrlKey && !event.metaKey) {
      this.tell("chosen", {});
    }
  }

  choose(action, id) {
    if (action === "rename") {
      this.rename(id);
    } else {
      this.tell("wanted", { action, id });
    }
  }

  rename(id) {
    const row = this.list.querySelector(`[data-session="${id}"]`);
    const form = stamp("template-rename");
    const field = form.querySelector("input");
    const session = this.rows.find((one) => one.id === id);
    field.value = session.title;
    row.classList.add("renaming");
    row.prepend(form);
    const leave = (title) => {
      form.remove();
      this.read();
      if (title) {
        this.tell("wanted", { action: "rename", id, title });
      }
      this.list.querySelector(`[data-session="${id}"] [data-menu]`)?.focus();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      leave(field.value.trim());
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        leave("");
      }
    });
    field.addEventListener("blur", () => form.isConnected && leave(field.value.trim()));
    field.select();
  }

  pressInSearch(event) {
    if (event.key === "Escape" && this.search.value) {
      event.stopPropagation();
      this.search.value = "";
      this.look();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      this.list.querySelector("a")?.focus();
    }
  }

  /** In titles and in all that was said. */
  async look() {
    const wanted = this.search.value.trim().toLocaleLowerCase();
    const hits = wanted ? await this.hits(wanted) : null;
    if (this.search.value.trim().toLocaleLowerCase() === wanted) {
      this.found = hits;
      this.draw();
    }
  }

  async hits(wanted) {
    const hits = new Map();
    for (const session of this.rows) {
      if (session.title.toLocaleLowerCase().includes(wanted)) {
        hits.set(session.id, "");
        continue;
      }
      const messages = await this.store.messages(session.id);
      const text = messages
        .map((message) => message.text)
        .find((said) => said.toLocaleLowerCase().includes(wanted));
      if (text) {
        hits.set(session.id, around(text, wanted));
      }
    }
    return hits;
  }

  tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

function around(text, wanted) {
  const at = text.toLocaleLowerCase().indexOf(wanted);
  const begin = Math.max(0, at - 24);
  const piece = text.slice(begin, at + wanted.length + 60).replace(/\s+/g, " ");
  return begin ? `...${piece}` : piece;
}
