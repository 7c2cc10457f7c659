// Keys of the whole page. Single letters work outside fields only, and can be switched off.
const NEVER = "input, textarea, select, [contenteditable], dialog, [role=menu], [data-panel]";

export class Shortcuts {
  constructor(preferences, acts) {
    Object.assign(this, { preferences, acts });
    document.addEventListener("keydown", (event) => this.press(event));
  }

  press(event) {
    if (event.defaultPrevented || event.isComposing) {
      return;
    }
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
      this.acts.escape(event);
      return;
    }
    if (!this.preferences.get("shortcuts") || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const act = this.acts[event.key];
    if (act && event.key.length === 1 && !event.target.closest(NEVER)) {
      event.preventDefault();
      act();
    }
  }
}
