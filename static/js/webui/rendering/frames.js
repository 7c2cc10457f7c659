// Who draws in the next frame. All answers of a page share one allowance of time for
// each frame; the one that was asked for last is the one being looked at, and goes first.
import { FRAME_MS, HIDDEN_MS, SLOW_FRAME_MS, SLOW_MS } from "./limits.js";

class Frames {
  constructor() {
    this.jobs = new Set();
    this.spent = 0;
    this.allowance = FRAME_MS;
    this.asked = false;
  }

  /** `job.step(deadline)` runs once a frame until it returns true. */
  ask(job) {
    this.jobs.add(job);
    this.schedule();
  }

  /** Like `ask`, but at once if this frame has time left. */
  begin(job) {
    this.jobs.add(job);
    if (this.spent < this.allowance) {
      this.spend(job, this.allowance - this.spent);
    }
    this.schedule();
  }

  spend(job, allowance) {
    const before = performance.now();
    let done = true;
    try {
      done = job.step(before + allowance);
    } finally {
      this.spent += performance.now() - before;
      if (done) {
        this.jobs.delete(job);
      }
    }
  }

  schedule() {
    if (this.asked) {
      return;
    }
    this.asked = true;
    const asked = performance.now();
    const run = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      this.run(performance.now() - asked > SLOW_MS);
    };
    const frame = requestAnimationFrame(run);
    const timer = setTimeout(run, HIDDEN_MS);
  }

  run(slow) {
    this.asked = false;
    this.spent = 0;
    this.allowance = slow ? SLOW_FRAME_MS : FRAME_MS;
    try {
      for (const job of [...this.jobs].reverse()) {
        if (this.spent >= this.allowance) {
          break;
        }
        this.spend(job, this.allowance - this.spent);
      }
    } finally {
      if (this.jobs.size) {
        this.schedule();
      }
    }
  }
}

export const frames = new Frames();
