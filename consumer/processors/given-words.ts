import { countChars } from "../../shared/input/characters.ts";
import { decodeText } from "../../shared/input/decode-text.ts";
import type { Outcome } from "../../shared/jobs/outcome.ts";
import type { GivenWords } from "../../shared/kinds/kind.ts";
import { maxFileBytes } from "../../shared/limits.ts";
import type { Attempt } from "../runner/attempt.ts";
import { discard } from "./processor.ts";
import type { WithSource } from "./source.ts";

/**
 * Give a task the text that its job was given, in the request or as an object, without white space around it. An object without
 * text, or with more than the kind takes, discards the task before a model is paid.
 */
export type WithWords = (
  attempt: Attempt,
  words: GivenWords,
  work: (text: string) => Promise<Outcome>,
) => Promise<Outcome>;

export function createWithWords(withSource: WithSource): WithWords {
  return async function withWords(attempt, words, work) {
    if ("text" in words) return work(words.text);
    const { source, maxChars } = words;
    return withSource(attempt, source, { maxBytes: maxFileBytes(maxChars) }, async (bytes) => {
      const read = decodeText(bytes);
      if (!read.ok) return discard("invalid_text", `The text '${source.key}' ${read.reason}.`);
      const text = read.text.trim();
      if (text === "") return discard("source_empty", `The object '${source.key}' has no text.`);
      const chars = countChars(text);
      if (chars > maxChars) {
        return discard("source_too_large", `The text has ${chars} characters; the limit is ${maxChars}.`);
      }
      return work(text);
    });
  };
}
