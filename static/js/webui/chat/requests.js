// From a conversation to what is sent for its next answer: messages in the form of chat
// completions, and the options that the kind of model knows. Pure.
const FRAME_BYTES = 250_000; // of 256 kB, a little for the frame itself
const encoder = new TextEncoder();
const UPLOAD_LIFE_MS = 15 * 60 * 1000;
const TAKES_FILES = { chat: true, image: false, image_edit: true, video: true };

/** Which files of earlier messages this kind of model can still see. */
export function filesToSend(kind, messages) {
  if (!TAKES_FILES[kind]) {
    return [];
  }
  const asked = messages.filter((message) => message.role === "user");
  const seen = kind === "chat" ? asked : asked.slice(-1);
  const found = seen.flatMap((message) => message.attachments ?? []);
  if (kind === "image_edit" && !found.length) {
    const earlier = asked.filter((message) => message.attachments?.length).slice(-1);
    return earlier.flatMap((message) => message.attachments);
  }
  return kind === "video" ? found.slice(0, 1) : found;
}

export function isUploaded(file, now) {
  return Boolean(file.upload) && now - file.upload.at < UPLOAD_LIFE_MS;
}

/** `dropped` counts the oldest messages that no longer fit. */
export function requestOf({ model, kind, options, messages }) {
  const files = new Set(filesToSend(kind, messages));
  const told = messages.map((message) => wire(message, files)).filter(Boolean);
  const last = kind === "video" || kind === "image" ? told.slice(-1) : told;
  const asked = optionsOf(kind, options);
  const kept = fitting(last, FRAME_BYTES - sizeOf(asked));
  return {
    request: { model, messages: kept, options: asked },
    dropped: last.length - kept.length,
  };
}

function wire(message, files) {
  if (message.role === "user") {
    const parts = (message.attachments ?? [])
      .filter((file) => files.has(file) && file.upload)
      .map((file) => ({
        type: "file_ref",
        id: file.upload.id,
        name: file.name,
        mime: file.mime,
      }));
    const content = parts.length
      ? [...parts, ...(message.text ? [{ type: "text", text: message.text }] : [])]
      : message.text;
    return { role: "user", content };
  }
  const pictures = (message.media ?? []).filter((one) => one.url && one.kind !== "video");
  const content = [message.text, ...pictures.map((one) => `![image](${one.url})`)]
    .filter(Boolean)
    .join("\n\n");
  return content ? { role: "assistant", content } : null;
}

const sizeOf = (value) => encoder.encode(JSON.stringify(value)).length;

function fitting(messages, size) {
  let room = size;
  let first = messages.length;
  while (first > 0) {
    room -= sizeOf(messages[first - 1]) + 1;
    if (room < 0 && first < messages.length) {
      break;
    }
    first -= 1;
  }
  return messages.slice(first);
}

const numeric = (value) => (value === "" || value === undefined ? undefined : Number(value));

function optionsOf(kind, chosen) {
  const options = {};
  if (kind === "chat") {
    Object.assign(options, {
      effort: chosen.effort || undefined,
      system: chosen.system?.trim() || undefined,
      temperature: numeric(chosen.temperature),
      top_p: numeric(chosen.top_p),
      web_search: chosen.web_search,
    });
  } else if (kind === "video") {
    options.video_config = {
      seconds: numeric(chosen.seconds),
      size: chosen.size || undefined,
      resolution_name: chosen.resolution_name || undefined,
      preset: chosen.preset || undefined,
    };
  } else {
    options.image_config = { n: numeric(chosen.n), size: chosen.size || undefined };
  }
  return options;
}
