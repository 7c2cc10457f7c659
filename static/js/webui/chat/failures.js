// What went wrong, in words: the cause as the gateway gives it, and what to do about it.
import { clockText, fill } from "./dom.js";

const ADVICE = {
  unreachable: "adviceConnection",
  no_available_account: "adviceNoAccount",
  no_account: "adviceNoAccount",
  service_unavailable: "adviceNoAccount",
  rate_limit_exceeded: "adviceWait",
  insufficient_quota: "adviceWait",
  content_policy_violation: "adviceModerated",
  egress_unavailable: "adviceOperator",
  model_not_found: "adviceModel",
  model_not_allowed: "adviceModel",
  upstream_timeout: "adviceRetry",
  upstream_error: "adviceRetry",
  context_length_exceeded: "adviceShorter",
};

export function describe(error, words) {
  const cause =
    error.message || (error.code === "unreachable" ? words.unreachable : words.failed);
  if (error.retryAt > Date.now()) {
    return { cause, advice: fill(words.adviceWaitUntil, { time: clockText(error.retryAt) }) };
  }
  return { cause, advice: words[ADVICE[error.code]] ?? words.adviceRetry };
}
