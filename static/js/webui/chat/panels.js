// Sheets and menus that a button opens: closed by Escape, by a click elsewhere, or when
// the focus leaves; the focus goes back to the button.
export class Panel extends EventTarget {
  constructor(button, element) {
    super();
    Object.assign(this, { button, element });
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", element.id);
    button.addEventListener("click", () => this.toggle());
    element.addEventListener("keydown", (event) => this.press(event));
    document.addEventListener("pointerdown", ({ target }) => {
      if (this.isOpen && !element.contains(target) && !button.contains(target)) {
        this.close({ focus: false });
      }
    });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  toggle() {
    if (this.isOpen) {
      this.close();
    } else {
      this.open();
    }
  }

  open() {
    this.element.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.dispatchEvent(new Event("opened"));
    const first = this.element.querySelector(
      "input:checked, input, select, textarea, button, [href], [tabindex]",
    );
    first?.focus();
  }

  close({ focus = true } = {}) {
    if (!this.isOpen) {
      return;
    }
    this.element.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (focus) {
      this.button.focus();
    }
  }

  press(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }
}

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** One menu for many rows: shown at the button that asked, and told what it is about. */
export class Menu {
  constructor(element, choose) {
    Object.assign(this, { element, choose });
    element.addEventListener("click", ({ target }) => {
      const item = target.closest("[role=menuitem]");
      if (item) {
        const about = this.about;
        this.close();
        choose(item.dataset.action, about);
      }
    });
    element.addEventListener("keydown", (event) => this.press(event));
    element.addEventListener("focusout", ({ relatedTarget }) => {
      if (!element.contains(relatedTarget) && relatedTarget !== this.button) {
        this.close({ focus: false });
      }
    });
  }

  get items() {
    return [...this.element.querySelectorAll("[role=menuitem]:not([hidden])")];
  }

  toggle(button, about) {
    if (this.button === button) {
      this.close();
      return;
    }
    this.close({ focus: false });
    Object.assign(this, { button, about });
    button.setAttribute("aria-expanded", "true");
    button.parentElement.append(this.element);
    this.element.hidden = false;
    const room = this.element.parentElement.closest("[data-scrolls]").getBoundingClientRect();
    this.element.classList.toggle(
      "above",
      button.getBoundingClientRect().bottom + this.element.offsetHeight > room.bottom,
    );
    this.items[0]?.focus();
  }

  close({ focus = true } = {}) {
    if (!this.button) {
      return;
    }
    const { button } = this;
    this.button = null;
    button.setAttribute("aria-expanded", "false");
    if (focus) {
      button.focus();
    }
    this.element.hidden = true;
  }

  press(event) {
    const { items } = this;
    const at = items.indexOf(document.activeElement);
    const ends = { Home: 0, End: items.length - 1 };
    if (event.key in STEPS) {
      event.preventDefault();
      items[(at + STEPS[event.key] + items.length) % items.length].focus();
    } else if (event.key in ends) {
      event.preventDefault();
      items[ends[event.key]].focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }
}
