// Conversations as files: all or one as JSON that can be read back, one as Markdown.
import { newId } from "./database.js";
import { download } from "./dom.js";

const FORMAT = "grok-gateway-conversations";

export class FormatError extends Error {}

export async function exportAll(store, ids = null) {
  const sessions = (await store.sessions()).filter((row) => !ids || ids.includes(row.id));
  const pieces = [];
  for (const session of sessions) {
    const messages = await store.messages(session.id);
    pieces.push({ ...session, messages, files: await filesOf(store, messages) });
  }
  const text = JSON.stringify({ format: FORMAT, version: 1, conversations: pieces });
  download(`conversations-${stampOf(Date.now())}.json`, new Blob([text], { type: "application/json" }));
  return sessions.length;
}

async function filesOf(store, messages) {
  const files = {};
  for (const file of messages.flatMap((message) => message.attachments ?? [])) {
    const blob = await store.blob(file.id);
    if (blob) {
      files[file.id] = await dataUrl(blob);
    }
  }
  return files;
}

function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** All come in as new ones, so that nothing here is written over. */
export async function importFrom(store, file) {
  let data = null;
  try {
    data = JSON.parse(await file.text());
  } catch (error) {
    throw new FormatError(String(error));
  }
  if (data?.format !== FORMAT || !Array.isArray(data.conversations)) {
    throw new FormatError(FORMAT);
  }
  for (const conversation of data.conversations) {
    await bringIn(store, conversation);
  }
  return data.conversations.length;
}

async function bringIn(store, { title, pinned, created, updated, model, messages, files = {} }) {
  const id = newId();
  const ids = new Map(Object.keys(files).map((old) => [old, newId()]));
  for (const [old, url] of Object.entries(files)) {
    await store.putBlob(ids.get(old), blobOf(url));
  }
  for (const [index, message] of (messages ?? []).entries()) {
    await store.putMessage(cleaned(message, { session: id, order: index + 1, ids, tab: store.tab }));
  }
  const times = { created: Number(created) || Date.now(), updated: Number(updated) || Date.now() };
  await store.patchSession(id, {
    ...{ title: String(title ?? ""), pinned: Boolean(pinned), model: String(model ?? "") },
    ...times,
  });
}

/** What a file says is taken by name and kind: it may come from anywhere. */
function cleaned(message, { session, order, ids, tab }) {
  const common = {
    ...{ id: newId(), session, order, owner: tab },
    created: Number(message.created) || Date.now(),
    text: String(message.text ?? ""),
  };
  if (message.role === "user") {
    const attachments = list(message.attachments).map((file) => ({
      id: ids.get(file.id) ?? newId(),
      name: String(file.name ?? ""),
      mime: String(file.mime ?? ""),
      size: Number(file.size) || 0,
    }));
    return { ...common, role: "user", attachments };
  }
  const whole = message.state === "done" || message.state === "stopped";
  return {
    ...common,
    role: "assistant",
    model: String(message.model ?? ""),
    tier: String(message.tier ?? ""),
    state: whole ? message.state : "interrupted",
    reasoning: String(message.reasoning ?? ""),
    reasoningMs: Number(message.reasoningMs) || 0,
    firstMs: Number(message.firstMs) || undefined,
    totalMs: Number(message.totalMs) || 0,
    usage: Object(message.usage),
    tools: list(message.tools),
    citations: list(message.citations),
    media: list(message.media).map((one) => ({ ...one, url: String(one.url ?? "") })),
  };
}

function list(value) {
  return Array.isArray(value) ? value.filter((one) => one && typeof one === "object") : [];
}

/** Not by fetch: the page may connect to its own host only. */
function blobOf(url) {
  const [, mime, data] = /^data:([^;,]*);base64,(.*)$/s.exec(url) ?? [null, "", ""];
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: mime });
}

export async function exportMarkdown(store, session, words) {
  const messages = await store.messages(session.id);
  const text = [`# ${session.title}`, ...messages.map((message) => written(message, words))].join("\n\n");
  download(`${fileName(session.title)}.md`, new Blob([`${text}\n`], { type: "text/markdown" }));
}

function written(message, words) {
  const who = message.role === "user" ? words.you : message.model;
  const files = (message.attachments ?? []).map((file) => `*${file.name}*`);
  const media = (message.media ?? []).filter((one) => one.url);
  const pictures = media.map((one) => `![](${new URL(one.url, location.href).href})`);
  const citations = (message.citations ?? []).map(({ url, title }) => `- [${title}](${url})`);
  return [`## ${who}`, ...files, message.text, ...pictures, citations.join("\n")]
    .filter(Boolean)
    .join("\n\n");
}

function fileName(title) {
  return title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60) || "conversation";
}

function stampOf(time) {
  return new Date(time).toISOString().slice(0, 19).replace(/[:T]/g, "-");
}
