// The voice page: its buttons, its words, and the one session it may have.
import { words } from "../shell/words.js";
import { Devices } from "./devices.js";
import { Levels } from "./levels.js";
import { Orb } from "./orb.js";
import { Problem, Problems } from "./problems.js";
import { Session } from "./session.js";
import { Settings } from "./settings.js";
import { State } from "./states.js";
import { Timer } from "./timer.js";
import { Transcript } from "./transcript.js";

const root = document.querySelector("[data-voice]");
const part = (name) => root.querySelector(`[data-${name}]`);
const form = root.querySelector("form");
const buttons = {
  start: part("start"),
  pause: part("pause"),
  mute: part("mute"),
  end: part("end"),
  again: part("again"),
};

const levels = new Levels();
const state = new State(changed);
const settings = new Settings(form);
const problems = new Problems(part("problems"), start);
const timer = new Timer(part("timer"));
const transcript = new Transcript(part("log"), part("transcript"), part("empty"));
const orb = new Orb(part("orb"), loudness);
const session = new Session({
  page: { library: root.dataset.library, host: root.dataset.host },
  state,
  levels,
  show: (problem) => problems.show(problem),
  drop: (key) => problems.drop(key),
  heard: (line) => transcript.write(line),
  sounds: part("sounds"),
});
const devices = new Devices(form, levels, {
  microphone: (id) => tried(() => useMicrophone(id)),
  speaker: (id) => tried(() => session.useSpeaker(id)),
  check: () => tried(() => devices.check()),
});

function loudness() {
  const own = state.paused ? 0 : levels.of("microphone");
  return Math.max(own, levels.of("speaker"));
}

/** What fails beside a session is shown as well. */
async function tried(act) {
  try {
    await act();
  } catch (error) {
    const known = error instanceof Problem;
    problems.show(known ? error : new Problem("other", { message: error.message }));
  }
}

async function useMicrophone(id) {
  if (state.isOpen) {
    await session.useMicrophone(id);
  } else if (devices.checking) {
    devices.stop();
    await devices.check();
  }
}

async function start() {
  if (state.isBusy || !settings.complete()) {
    return;
  }
  if (state.isOpen) {
    session.end();
  }
  problems.clear();
  transcript.clear();
  devices.stop();
  await session.start(settings.wish, devices.chosen);
  if (state.isOpen) {
    await devices.list();
  }
}

function changed({ shown, line, phase, isOpen, isBusy, paused, muted }) {
  const on = isOpen || isBusy;
  root.dataset.state = shown;
  part("badge").textContent = words[`state_${shown}`];
  write(part("line"), words[`line_${line}`]);
  buttons.start.hidden = on;
  buttons.end.hidden = !on;
  buttons.pause.disabled = phase !== "live";
  buttons.again.disabled = !isOpen;
  press(buttons.pause, paused, "pause");
  press(buttons.mute, muted, "mute");
  settings.wait(on);
  timer.run(isOpen);
  orb.show(isOpen);
  devices.button.disabled = on;
  if (isOpen !== measured) {
    measured = isOpen;
    devices.measure(isOpen);
  }
}

let measured = false;

/** The same words again would be read out again. */
function write(place, text) {
  if (place.textContent !== text) {
    place.textContent = text;
  }
}

function press(button, pressed, name) {
  button.setAttribute("aria-pressed", String(pressed));
  write(button.querySelector("span"), words[pressed ? `un${name}` : name]);
}

buttons.start.addEventListener("click", start);
buttons.again.addEventListener("click", start);
buttons.end.addEventListener("click", () => {
  session.end();
  buttons.start.focus();
});
buttons.pause.addEventListener("click", () => tried(() => session.pause()));
buttons.mute.addEventListener("click", () => session.mute());
root.addEventListener("click", () => state.isOpen && session.play()?.catch(() => null));
addEventListener("pagehide", () => state.isOpen && session.end());

state.set({});
