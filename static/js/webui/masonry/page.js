// The page of pictures: puts its parts together and says what each button does.
import { say } from "../shell/toasts.js";
import { words } from "../shell/words.js";
import { Archive } from "./archive.js";
import { copyText, part } from "./dom.js";
import { Form } from "./form.js";
import { Reference } from "./reference.js";
import { Run } from "./run.js";
import { Undo } from "./undo.js";
import { Viewer } from "./viewer.js";
import { Wall } from "./wall.js";

const SEARCH_AFTER_MS = 300;
const root = document.getElementById("masonry");
const dialog = document.getElementById("viewer");
const token = root.querySelector("[name=csrfmiddlewaretoken]").value;
const { socket, uploads, largest } = root.dataset;

const archive = new Archive(root.dataset, token);
const wall = new Wall(root, archive, (error) => say(error.message || words.failed, { kind: "error" }));
const form = new Form(part(root, "form"));
const run = new Run(socket, wall, (standing) => form.stand(standing));
const reference = new Reference(form.element, {
  ...{ uploads, token, largest: Number(largest) },
  changed: () => form.fit(reference.some),
  complain: (text) => say(text, { kind: "error" }),
});
const undo = new Undo(root, dialog, {
  bring: restore,
  close: () => (dialog.open ? part(dialog, "download") : part(root, "filter")).focus(),
});

const deeds = {
  copy: ({ prompt }) => copyText(prompt).then(() => say(words.copied, { kind: "success" })),
  reuse(facts) {
    reuse(facts);
    form.fields.prompt.focus();
  },
  again(facts) {
    reuse(facts);
    if (facts.referred && !facts.picture) {
      say(words.chooseReference);
      part(root, "file").focus();
    } else {
      run.start({ ...form.read(), mode: "once", rounds: undefined, minutes: undefined, ...reference.kept });
    }
  },
  delete: ({ id }, round) => remove({ rounds: [id] }, round.facts.pictures.length),
};

const viewer = new Viewer(dialog, wall, {
  copy: (_picture, { facts }) => deeds.copy(facts),
  reuse: (_picture, { facts }) => reuse(facts),
  refer: (picture) => reference.use(picture, words.fromWall),
  delete: ({ id }) => remove({ pictures: [id] }, 1),
  after: () => form.fields.prompt.focus(),
});

function reuse(facts) {
  if (facts.picture) {
    const known = wall.pictures().find(({ picture }) => picture.id === facts.picture);
    const url = known?.picture.url ?? `/v1/files/image?id=${encodeURIComponent(facts.picture)}`;
    reference.use({ id: facts.picture, url }, words.fromWall);
  } else {
    reference.clear();
  }
  form.fill(facts);
}

/** Whether it is gone. */
async function remove(named, count) {
  try {
    const taken = await archive.remove(named);
    if (!taken.undo) {
      say(words.goneAlready);
    }
    wall.remove(named);
    undo.offer(taken.undo, count);
    return true;
  } catch (error) {
    say(error.message || words.failed, { kind: "error" });
    return false;
  }
}

async function restore(given) {
  try {
    await archive.undo(given);
  } catch (error) {
    say(error.message || words.failed, { kind: "error" });
    return false;
  }
  await wall.load();
  (dialog.open ? part(dialog, "download") : part(root, "undo")).focus();
  return true;
}

function start(event) {
  event?.preventDefault();
  const wanted = form.read();
  if (!wanted) {
    return;
  }
  if (reference.waits) {
    say(words.stillSending);
    return;
  }
  run.start({ ...wanted, ...reference.kept });
}

form.element.addEventListener("submit", start);
part(root, "stop").addEventListener("click", () => run.stop());
form.fields.prompt.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
    start(event);
  }
});

wall.list.addEventListener("click", ({ target }) => {
  const tile = target.closest(".tile.ready");
  const deed = target.closest("[data-deed]")?.dataset.deed;
  const round = target.closest(".round")?.round;
  if (tile) {
    viewer.open(tile);
  } else if (deed) {
    deeds[deed](round.facts, round);
  }
});

let waiting = 0;
part(root, "filter").addEventListener("input", ({ target }) => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    wall.query.words = target.value.trim();
    wall.load();
  }, SEARCH_AFTER_MS);
});

const everybody = part(root, "everybody");
everybody?.addEventListener("change", () => {
  wall.query.everybody = everybody.checked;
  wall.load();
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    part(root, "filter").focus();
  } else if (event.key === "Escape" && run.running && !dialog.open && !event.defaultPrevented) {
    run.stop();
  }
});

wall.query.everybody = everybody?.checked ?? false;
wall.load();
