// Conversations that the page's forerunner kept, read once and left where they are until
// they are safe in the new place.
import { newId } from "./database.js";

const OLD = "grok2api_webui_chat_sessions_v1";
const DONE = "webui_chat_migrated";

export async function migrate(store) {
  const text = localStorage.getItem(OLD);
  if (!text || !store.lasting || localStorage.getItem(DONE)) {
    return 0;
  }
  let sessions = [];
  try {
    const data = JSON.parse(text);
    sessions = Array.isArray(data) ? data : (data?.sessions ?? []);
  } catch (error) {
    console.info("the old conversations cannot be read:", error);
  }
  for (const session of sessions) {
    await convert(store, session);
  }
  if (!store.full) {
    localStorage.setItem(DONE, String(Date.now()));
    localStorage.removeItem(OLD);
  }
  return sessions.length;
}

async function convert(store, { title, createdAt, updatedAt, model, messages }) {
  const id = newId();
  const created = timeOf(createdAt);
  const said = (messages ?? []).filter(({ role }) => role === "user" || role === "assistant");
  for (const [index, message] of said.entries()) {
    await store.putMessage(converted(message, { session: id, order: index + 1, created, model }));
  }
  await store.patchSession(id, {
    title: String(title ?? ""),
    pinned: false,
    model: String(model ?? ""),
    created,
    updated: timeOf(updatedAt ?? createdAt),
  });
}

function converted(message, { session, order, created, model }) {
  const common = {
    ...{ id: newId(), session, order, role: message.role },
    created: timeOf(message.createdAt, created),
    text: textOf(message.content),
  };
  if (message.role === "user") {
    return { ...common, attachments: [] };
  }
  return {
    ...common,
    ...{ model: String(message.model ?? model ?? ""), state: "done" },
    reasoning: String(message.reasoning_content ?? ""),
    ...{ tools: [], citations: [], media: [] },
  };
}

/** Content was a text, or parts of which only the texts were kept. */
function textOf(content) {
  if (!Array.isArray(content)) {
    return String(content ?? "");
  }
  return content
    .map((part) => part.text ?? "")
    .filter(Boolean)
    .join("\n");
}

function timeOf(value, otherwise = Date.now()) {
  const time = typeof value === "number" ? value : Date.parse(value);
  return Number.isFinite(time) ? time : otherwise;
}
