// What is asked of the gateway: a room's token, and that the room was left.
import { Problem } from "./problems.js";

const TOKEN = "/webui/api/voice/token";
const KEEP = "/webui/api/voice/keep";
const END = "/webui/api/voice/end";
const SECOND_MS = 1000;
const KEYS = {
  tier_required: "tier",
  voice_session_open: "occupied",
  rate_limit_exceeded: "limited",
};

function post(path, body, options = {}) {
  const proof = document.querySelector("[name=csrfmiddlewaretoken]").value;
  return fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": proof },
    body: JSON.stringify(body),
    ...options,
  });
}

/** `{token, url, participant_name, room_name, session}`, or a Problem. */
export async function token(wish) {
  const answer = await post(TOKEN, wish).catch(() => {
    throw new Problem("offline");
  });
  if (!answer.ok) {
    throw await refusal(answer);
  }
  return answer.json();
}

async function refusal(answer) {
  const told = await answer.json().catch(() => ({}));
  const message = told.error?.message ?? `HTTP ${answer.status}`;
  const seconds = Number(answer.headers.get("Retry-After"));
  const key = KEYS[told.error?.code];
  if (key === "tier") {
    return new Problem("tier", { message });
  }
  if (answer.status === 429) {
    return new Problem(key ?? "limited", { time: clock(seconds || 60), message });
  }
  if (answer.status === 401 || answer.status === 404) {
    return new Problem("strange", { message });
  }
  return new Problem(answer.status < 500 ? "wish" : "upstream", { message });
}

/** When to come back, as a time of day of this browser. */
function clock(seconds) {
  const then = new Date(Date.now() + seconds * SECOND_MS);
  const language = document.documentElement.lang;
  return then.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** The session goes on; what it is called from now on. */
export async function keep(session) {
  const answer = await post(KEEP, { session });
  return answer.ok ? (await answer.json()).session : session;
}

/** Never fails: a place that is not given back runs out by itself. */
export function end(session) {
  return post(END, { session }, { keepalive: true }).catch(() => null);
}
