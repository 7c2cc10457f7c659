// The messages of the open conversation on the page, in order.
import { AnswerView } from "./answers.js";
import { QuestionView } from "./questions.js";

export class Thread {
  constructor(list, empty, page) {
    Object.assign(this, { list, empty, page });
    this.views = new Map();
    list.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-action]");
      const element = target.closest("[data-message]");
      if (button && element) {
        page.act(button.dataset.action, element.dataset.message, button);
      }
    });
  }

  show(records) {
    this.views.forEach((view) => view.close());
    this.views.clear();
    // Reading starts at the end; only what is added later is announced.
    this.list.setAttribute("aria-live", "off");
    this.list.replaceChildren(...records.map((record) => this.view(record).element));
    setTimeout(() => this.list.setAttribute("aria-live", "polite"), 0);
    this.changed();
  }

  view(record) {
    const kind = record.role === "user" ? QuestionView : AnswerView;
    const view = new kind(record, this.page);
    this.views.set(record.id, view);
    return view;
  }

  append(record) {
    if (!this.views.has(record.id)) {
      const after = [...this.views.values()].find((view) => view.record.order > record.order);
      const { element } = this.view(record);
      this.list.insertBefore(element, after?.element ?? null);
      this.changed();
    }
  }

  apply(record, frame) {
    this.views.get(record.id)?.apply(frame);
  }

  /** As another tab has saved it. */
  refresh(record) {
    const view = this.views.get(record.id);
    if (view instanceof AnswerView) {
      view.refresh(record);
    } else if (!view) {
      this.append(record);
    }
  }

  remove(ids) {
    for (const id of ids) {
      const view = this.views.get(id);
      view?.close();
      view?.element.remove();
      this.views.delete(id);
    }
    this.changed();
  }

  nameModels() {
    this.views.forEach((view) => view.showFacts?.());
  }

  edit(id, choices) {
    this.views.get(id).edit(choices);
  }

  changed() {
    this.empty.hidden = this.views.size > 0;
    this.list.hidden = this.views.size === 0;
  }
}
