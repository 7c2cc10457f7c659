// The run of this page: asks for it, tells the wall what comes of it, says how it stands.
import { fill, words } from "../shell/words.js";
import { Line } from "./line.js";

export class Run {
  /** `wall` shows rounds; `stand({running, text, fault})` is told of every change. */
  constructor(path, wall, stand) {
    const heard = { hear: (frame) => this.hear(frame), lost: () => this.lost() };
    Object.assign(this, { wall, stand, line: new Line(path, heard) });
    this.wanted = null; // what was asked for, while a run goes on
    this.round = null;
    this.over = () => {}; // called when the run that goes on has ended
  }

  get running() {
    return this.wanted !== null;
  }

  async start(wanted) {
    if (this.running) {
      await this.stopped();
    }
    this.wanted = wanted;
    this.stand({ running: true, text: words.starting });
    try {
      await this.line.say({ type: "start", ...wanted });
    } catch {
      this.lost();
    }
  }

  async stop() {
    if (this.running) {
      this.stand({ running: true, text: words.stopping });
      try {
        await this.line.say({ type: "stop" });
      } catch {
        this.lost();
      }
    }
  }

  async stopped() {
    const over = new Promise((resolve) => {
      this.over = resolve;
    });
    await this.stop();
    await over;
  }

  hear(frame) {
    if (frame.type === "error") {
      this.fail(frame);
      return;
    }
    const act = { status: this.status, round: this.ended, progress: this.tile, image: this.tile, moderated: this.tile }[frame.type];
    act?.call(this, frame);
  }

  status(frame) {
    if (frame.status === "running") {
      this.begin(frame);
      return;
    }
    const count = frame.round ?? 1;
    const done = count > 1 ? fill(words.runDone, { count }) : words.runDoneOne;
    const completed = frame.reason === "minutes" ? words.timeOver : done;
    this.end({ text: frame.status === "completed" ? completed : words.stopped });
  }

  begin(frame) {
    const { prompt, picture = "", reference = "" } = this.wanted ?? {};
    const { aspect_ratio, quality, count, rounds, round } = frame;
    this.round = this.wall.begin({
      id: frame.round_id,
      run_id: frame.run_id,
      ...{ prompt, picture, aspect_ratio, quality, count, rounds, round },
      referred: Boolean(picture || reference),
      created_at: new Date().toISOString(),
    });
    const many = rounds > 1;
    this.stand({ running: true, text: fill(many ? words.drawingRound : words.drawing, { round, rounds }) });
  }

  tile(frame) {
    const round = this.round?.facts.id === frame.round_id ? this.round : null;
    const deeds = { progress: "advance", image: "finish", moderated: "withhold" };
    round?.[deeds[frame.type]](frame);
  }

  ended(frame) {
    const { state, ready, moderated, round } = frame;
    this.round?.end({ state, moderated });
    const counted = { round, ready, moderated, count: this.round?.facts.count };
    const text = fill(moderated ? words.roundFiltered : words.roundDone, counted);
    this.stand({ running: true, text });
  }

  fail(frame) {
    if (this.round?.running) {
      this.round.end({ state: "failed", error: frame });
    }
    this.end({ text: "", fault: frame });
  }

  lost() {
    if (this.running) {
      this.end({ text: "", fault: { code: "unreachable", message: words.unreachable } });
      this.wall.load();
    }
  }

  /** A round that is not over by now has been cut off. */
  end(standing) {
    if (this.round?.running) {
      this.round.end({ state: "stopped" });
    }
    this.round = this.wanted = null;
    this.stand({ running: false, ...standing });
    this.over();
  }
}
