// A session from Start to End: microphone, token, room, and giving all of it back.
import * as gateway from "./gateway.js";
import { livekit } from "./library.js";
import * as microphone from "./microphone.js";
import { Problem } from "./problems.js";
import { Room } from "./room.js";

const KEEP_MS = 5 * 60 * 1000;

export class Session {
  /** `show` takes problems, `heard` what is said, `state` and `levels` are written. */
  constructor({ page, state, levels, show, drop, heard, sounds }) {
    Object.assign(this, { page, state, levels, show, drop, heard, sounds });
    this.forget();
    this.ending = Promise.resolve();
  }

  forget() {
    this.aborter = new AbortController();
    this.room = null;
    this.track = null;
    this.name = "";
    clearInterval(this.keeper);
  }

  /** Goes as far as it can; what stops it is shown. */
  async start(wish, devices) {
    this.forget();
    const { signal } = this.aborter;
    this.state.begin();
    try {
      microphone.check();
      const client = livekit(this.page.library);
      client.catch(() => null); // awaited below, once there is a microphone
      this.listenTo(await microphone.open(devices.microphone));
      signal.throwIfAborted();
      this.state.set({ phase: "connecting" });
      const given = await client;
      const pass = await this.pass(wish, signal);
      this.allowed(pass.url);
      await this.enter(given, pass, devices);
      signal.throwIfAborted();
      this.state.set({ phase: "live" });
    } catch (error) {
      if (!signal.aborted) {
        this.fail(error);
      }
    }
  }

  /** A token, asked for once; one that comes too late is given back. */
  async pass(wish, signal) {
    await this.ending; // of the session before: its place is needed
    const asked = gateway.token(wish);
    const late = (pass) => (signal.aborted ? gateway.end(pass.session) : null);
    this.ending = asked.then(late, () => null);
    const pass = await asked;
    signal.throwIfAborted();
    this.name = pass.session;
    return pass;
  }

  /** The page's policy names one host; a room elsewhere could only fail silently. */
  allowed(url) {
    const { host } = new URL(url);
    if (host !== this.page.host) {
      throw new Problem("foreign", { host, expected: this.page.host });
    }
  }

  async enter(client, pass, devices) {
    this.room = new Room(client, this.sounds, this.events());
    this.room.speaker = devices.speaker;
    this.room.mute(this.state.muted);
    await this.room.join(pass, this.track);
    this.keeper = setInterval(() => this.keep(), KEEP_MS);
  }

  async keep() {
    try {
      this.name = await gateway.keep(this.name);
    } catch {
      // no connection now: asked again in a while, and the place runs out by itself
    }
  }

  events() {
    const { state } = this;
    return {
      alone: (alone) => state.set({ alone }),
      speaking: (speaking) => state.set({ speaking }),
      heard: this.heard,
      reconnecting: () => state.set({ phase: "reconnecting" }),
      back: () => state.set({ phase: "live" }),
      blocked: (blocked) => (blocked ? this.show(new Problem("silenced")) : this.drop("silenced")),
      voice: (track) => this.levels.follow("speaker", track),
      quiet: () => this.levels.drop("speaker"),
      lost: (problem) => {
        this.close(problem.key === "closed" ? "ended" : "lost");
        this.show(problem);
      },
    };
  }

  listenTo(track) {
    this.track?.stop();
    this.track = track;
    this.levels.follow("microphone", track);
    track.addEventListener("ended", () => {
      if (this.track === track && this.state.isOpen) {
        this.show(new Problem("unplugged"));
      }
    });
  }

  fail(error) {
    const known = error instanceof Problem;
    this.close("error");
    this.show(known ? error : new Problem("other", { message: error.message }));
  }

  end() {
    this.close("ended");
  }

  /** Let go of everything; the gateway is told that the place is free. */
  close(phase) {
    this.aborter.abort();
    this.track?.stop();
    this.levels.close();
    if (this.name) {
      this.ending = gateway.end(this.name);
    }
    this.room?.leave();
    this.forget();
    this.state.set({ phase, paused: false, speaking: false, alone: true });
  }

  async pause() {
    const paused = !this.state.paused;
    await this.room?.pause(paused);
    this.state.set({ paused });
  }

  mute() {
    const muted = !this.state.muted;
    this.room?.mute(muted);
    this.state.set({ muted });
  }

  async useMicrophone(id) {
    const track = await microphone.open(id);
    this.listenTo(track);
    await this.room?.useMicrophone(track);
  }

  async useSpeaker(id) {
    await this.room?.useSpeaker(id);
  }

  play() {
    return this.room?.play();
  }
}
