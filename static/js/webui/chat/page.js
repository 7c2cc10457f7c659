// The chat page: makes its parts, joins them, and answers what they tell.
import { words } from "../shell/words.js";
import { Actions } from "./actions.js";
import { Attachments } from "./attachments.js";
import { Composer } from "./composer.js";
import { Conversation, UNDO_MS } from "./conversation.js";
import { part } from "./dom.js";
import { Drawer } from "./drawer.js";
import { Keeping } from "./keeping.js";
import { Viewer } from "./media.js";
import { migrate } from "./migration.js";
import { Models } from "./models.js";
import { Notices } from "./notices.js";
import { Options } from "./options.js";
import { Panel } from "./panels.js";
import { Preferences } from "./preferences.js";
import { Scrolling } from "./scrolling.js";
import { Sessions } from "./sessions.js";
import { Settings } from "./settings.js";
import { Shortcuts } from "./shortcuts.js";
import { Socket } from "./socket.js";
import { Speaker } from "./speaker.js";
import { State } from "./state.js";
import { Store } from "./store.js";
import { Thread } from "./thread.js";
import { Turns } from "./turns.js";
import { Uploads } from "./uploads.js";

const root = document.getElementById("chat");
const at = (name) => part(root, name);

function panel(name) {
  return new Panel(at(`${name}-button`), at(`${name}-panel`));
}

async function begin() {
  const limits = JSON.parse(document.getElementById("limits").textContent);
  const preferences = new Preferences();
  const store = await Store.open();
  const notices = new Notices(at("notices"));
  const socket = new Socket(root.dataset.socket, root.dataset.door);
  const turns = new Turns(store, socket);
  const token = root.querySelector("[name=csrfmiddlewaretoken]").value;
  const uploads = new Uploads(root.dataset.uploads, token, store);
  const models = new Models(at("models-button"), panel("models"), {
    address: root.dataset.models,
    words,
    preferences,
  });
  const speaker = new Speaker(at("status"));
  const complain = (text) => notices.say(text, { kind: "error" });
  const attachments = new Attachments(at("waiting"), { uploads, store, limits, words, complain });
  const composer = new Composer(at("composer"), { attachments, preferences, words });
  const options = new Options(panel("options"), preferences);
  const page = {
    ...{ words, store, models, speaker, limits },
    sends: (event) => composer.sends(event),
    focusComposer: () => composer.focus(),
    act: (action, id, button) => actions.act(action, id, button),
  };
  const thread = new Thread(at("thread"), at("empty"), page);
  const conversation = new Conversation({ store, turns, uploads, thread });
  const sessions = new Sessions(at("sessions"), { store, turns, words });
  const scrolling = new Scrolling(at("scroller"), at("column"), at("jump"));
  const drawer = new Drawer(root, at("drawer-button"), at("sessions"), preferences);
  const parts = {
    ...{ root, words, preferences, store, notices, socket, turns, models, speaker },
    ...{ attachments, composer, options, thread, conversation, sessions, scrolling, drawer },
  };
  const actions = new Actions(parts);
  new State(parts);
  new Keeping(parts);
  const settings = new Settings(at("help"), parts);
  new Viewer(at("viewer"), at("thread"), words);
  new Shortcuts(preferences, {
    ...{ "?": () => settings.show(), "/": () => drawer.search() },
    ...{ n: () => actions.begin(), i: () => composer.focus(), b: () => drawer.toggle() },
    ...{ c: () => actions.copyLast(), escape: (event) => actions.escape(event) },
  });
  const moved = await migrate(store);
  if (moved) {
    notices.say(words.migrated);
  }
  models.load();
  await sessions.read();
  await actions.follow();
  root.dataset.ready = "true";
  await store.purge(Date.now() - UNDO_MS);
}

begin();
