// Follows the end of the thread as long as the reader is there, and offers the way back.
const NEAR_PX = 48;
const HAND_MS = 1500; // so long a movement goes on after the hand has left

export class Scrolling {
  constructor(scroller, content, jump) {
    Object.assign(this, { scroller, jump, following: true, top: 0, touchedAt: -Infinity });
    scroller.addEventListener("scroll", () => this.look(), { passive: true });
    for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
      scroller.addEventListener(kind, () => this.touch(), { passive: true });
    }
    jump.addEventListener("click", () => this.toEnd({ focus: true }));
    this.watch = new ResizeObserver(() => this.follow());
    this.watch.observe(content);
    this.watch.observe(scroller);
  }

  get isNear() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight <= NEAR_PX;
  }

  touch() {
    this.touchedAt = performance.now();
  }

  /** Only a person goes up; text that closes above does so too, but without a hand. */
  look() {
    const { scrollTop } = this.scroller;
    const up = scrollTop < this.top;
    const byHand = performance.now() - this.touchedAt < HAND_MS;
    this.top = scrollTop;
    if (up && byHand) {
      this.following = false;
      this.touch();
    } else if (!up && this.isNear) {
      this.following = true;
    }
    this.show();
  }

  follow() {
    if (this.following) {
      this.scroller.scrollTop = this.scroller.scrollHeight;
      this.top = this.scroller.scrollTop;
    }
    this.show();
  }

  show() {
    this.jump.hidden = this.following || this.isNear;
  }

  toEnd({ focus = false } = {}) {
    this.following = true;
    this.follow();
    if (focus) {
      this.scroller.focus({ preventScroll: true });
    }
  }
}
