// The line under an answer: which model and tier, how soon it spoke, how long it took and
// what it used.
import { fill, numberText, secondsText } from "./dom.js";

export function facts(record, { words, models }) {
  const { usage = {}, firstMs, totalMs, tier } = record;
  const written = usage.completion_tokens ?? usage.output_tokens;
  const read = usage.prompt_tokens ?? usage.input_tokens;
  return [
    models.nameOf(record.model),
    tier,
    firstMs !== undefined && fill(words.firstAfter, { time: secondsText(firstMs) }),
    totalMs && fill(words.took, { time: secondsText(totalMs) }),
    written !== undefined &&
      fill(words.tokens, { read: numberText(read ?? 0), written: numberText(written) }),
  ]
    .filter(Boolean)
    .join("  \u00b7  ");
}
