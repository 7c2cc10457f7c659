// What went wrong, in words: its cause as the gateway gives it, and what to do about it.
import { fill, words } from "../shell/words.js";
import { make } from "./dom.js";

const REMEDIES = {
  wrong_tier: "remedyTier",
  no_available_account: "remedyTier",
  model_not_found: "remedyModel",
  content_policy_violation: "remedyModerated",
  rate_limit_exceeded: "remedyWait",
  invalid_api_key: "remedySignIn",
  file_not_found: "remedyReference",
  upload_gone: "remedyReference",
  invalid_attachment: "remedyReference",
  request_too_large: "remedyReference",
  disk_low: "remedyDisk",
  unreachable: "remedyConnection",
};

export function remedy({ code, retry_after: seconds }) {
  if (code === "rate_limit_exceeded" && seconds) {
    return fill(words.remedyWaitFor, { seconds });
  }
  return words[REMEDIES[code] ?? "remedyAgain"];
}

/** `fault` is an error frame, the error of a round that is kept, or one of our own. */
export function showFault(box, fault) {
  box.hidden = !fault;
  if (fault) {
    const cause = make("p", { textContent: causeOf(fault) });
    box.replaceChildren(cause, make("p", { textContent: remedy(fault) }));
  } else {
    box.replaceChildren();
  }
}

function causeOf({ code, message }) {
  if (code === "content_policy_violation") {
    return words.allModerated;
  }
  return message || words.failed;
}
