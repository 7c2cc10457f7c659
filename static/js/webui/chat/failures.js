// What went wrong, in words: the cause as the gateway gives it, and what to do about it.
import { clockText, fill } from "./dom.js";

const ADVICE = {
  unreachable: "adviceConnection",
  no_available_account: "adviceNoAccount",
  rate_limit_exceeded: "adviceWait",
  too_many_turns: "adviceWait",
  content_policy_violation: "adviceModerated",
  egress_unavailable: "adviceOperator",
  internal_error: "adviceOperator",
  invalid_api_key: "adviceSignIn",
  model_not_found: "adviceModel",
  model_not_allowed: "adviceModel",
  unsupported_model: "adviceModel",
  request_too_large: "adviceShorter",
  invalid_value: "adviceChange",
  invalid_attachment: "adviceChange",
  unsupported_parameter: "adviceChange",
};

export function describe(error, words) {
  const cause =
    error.message || (error.code === "unreachable" ? words.unreachable : words.failed);
  if (error.retryAt > Date.now()) {
    return { cause, advice: fill(words.adviceWaitUntil, { time: clockText(error.retryAt) }) };
  }
  return { cause, advice: words[ADVICE[error.code]] ?? words.adviceRetry };
}
