// Speech as text, in each of the forms in which rooms are known to send it.

const STREAM = "lk.transcription";
const SEGMENT = "lk.segment_id";
const FINAL = "lk.transcription_final";
const ABOUT_SPEECH = /transcri/i;

/** Call `heard({id, own, text, final})` for all that the room tells. */
export function follow(room, { RoomEvent }, heard) {
  const own = (identity) => identity === room.localParticipant.identity;

  room.on(RoomEvent.TranscriptionReceived, (segments, speaker) => {
    for (const { id, text, final } of segments) {
      heard({ id, own: own(speaker?.identity), text, final });
    }
  });

  room.registerTextStreamHandler?.(STREAM, async (reader, speaker) => {
    const told = reader.info?.attributes ?? {};
    const line = { id: told[SEGMENT] ?? reader.info?.id, own: own(speaker?.identity) };
    let text = "";
    for await (const piece of reader) {
      text += piece;
      heard({ ...line, text, final: false });
    }
    heard({ ...line, text, final: told[FINAL] !== "false" });
  });

  room.on(RoomEvent.DataReceived, (bytes, _speaker, _kind, topic) => {
    const line = parsed(bytes, topic ?? "");
    if (line) {
      heard(line);
    }
  });
}

/** A message that is about speech; others are none of our business. */
function parsed(bytes, topic) {
  let told;
  try {
    told = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null; // not for us: messages may hold anything
  }
  if (!told || !ABOUT_SPEECH.test(`${topic} ${told.type ?? ""}`)) {
    return null;
  }
  const text = told.text ?? told.transcript ?? told.content;
  if (typeof text !== "string") {
    return null;
  }
  const speaker = told.role ?? told.speaker ?? told.participant;
  const id = told.id ?? told.segment_id ?? told.item_id ?? `${speaker} ${text}`;
  return { id, own: speaker === "user", text, final: told.final ?? told.is_final ?? true };
}
