// What each frame of the gateway does to the record of an answer. Pure: no page, no
// socket, no storage.
const STOPPED = new Set(["stopped", "cancelled"]);

/** Returns "going", or the state in which the answer has ended. */
export function fold(record, frame, elapsedMs) {
  switch (frame.type) {
    case "accepted":
      record.model = frame.model ?? record.model;
      record.tier = frame.account_tier ?? "";
      record.state = "thinking";
      return "going";
    case "reasoning":
      record.reasoning += frame.text;
      note(record, elapsedMs);
      return "going";
    case "text":
      speak(record, elapsedMs);
      record.text += frame.text;
      return "going";
    case "tool":
      foldTool(record.tools, frame);
      note(record, elapsedMs);
      return "going";
    case "citation":
      foldCitation(record.citations, frame);
      return "going";
    case "media":
      speak(record, elapsedMs);
      foldMedia(record.media, frame);
      return "going";
    case "usage":
      record.usage = numbersOf(frame);
      return "going";
    case "finished":
      record.reason = frame.reason ?? "stop";
      return STOPPED.has(record.reason) ? "stopped" : "done";
    case "error":
      record.error = {
        code: frame.code ?? "",
        message: frame.message ?? "",
        retryAt: frame.retry_after ? Date.now() + frame.retry_after * 1000 : 0,
      };
      return "failed";
    default:
      return "going";
  }
}

function note(record, elapsedMs) {
  record.firstMs ??= elapsedMs;
}

function speak(record, elapsedMs) {
  note(record, elapsedMs);
  if (record.reasoning && !record.reasoningMs) {
    record.reasoningMs = elapsedMs;
  }
  record.state = "streaming";
}

function foldTool(tools, frame) {
  const { type, id, ...step } = frame;
  const same = step.call_id && tools.find((tool) => tool.call_id === step.call_id);
  if (same) {
    Object.assign(same, step);
  } else {
    tools.push(step);
  }
}

function foldCitation(citations, frame) {
  const { url, title } = frame;
  if (url && !citations.some((known) => known.url === url)) {
    citations.push({ url, title: title || url });
  }
}

/** A picture or film by its place; progress first, its address at the end. */
function foldMedia(media, frame) {
  const place = frame.index ?? media.findIndex((one) => !one.url && !one.withheld);
  const index = place < 0 ? media.length : place;
  const known = media[index] ?? {};
  const { kind, url, width, height, progress, withheld } = frame;
  const told = { kind, url, width, height, progress, withheld };
  const said = Object.entries(told).filter(([, value]) => value !== undefined && value !== null);
  media[index] = { ...known, ...Object.fromEntries(said) };
}

function numbersOf(frame) {
  return Object.fromEntries(
    Object.entries(frame).filter(([name, value]) => name !== "id" && typeof value === "number"),
  );
}
