// In which state a session is, and what of it is shown.

/** Phases, in which a session can go on, and those it has to be left from. */
const BUSY = new Set(["asking", "connecting"]);
const OPEN = new Set(["live", "reconnecting"]);

/** One session's state; `changed` is called after every change. */
export class State {
  constructor(changed) {
    this.phase = "idle";
    this.paused = false;
    this.muted = false;
    this.speaking = false;
    this.alone = false;
    this.changed = changed;
  }

  set(change) {
    Object.assign(this, change);
    this.changed(this);
  }

  /** A new session hears and is heard. */
  begin() {
    this.set({ phase: "asking", paused: false, speaking: false, alone: true });
  }

  get isOpen() {
    return OPEN.has(this.phase);
  }

  get isBusy() {
    return BUSY.has(this.phase);
  }

  /** The one word that matters most. */
  get shown() {
    if (this.phase !== "live") {
      return this.phase;
    }
    if (this.paused) {
      return "paused";
    }
    if (this.muted) {
      return "muted";
    }
    return this.speaking ? "speaking" : "live";
  }

  /** The key of the line below: a room may be empty for a moment. */
  get line() {
    return this.shown === "live" && this.alone ? "waiting" : this.shown;
  }
}
