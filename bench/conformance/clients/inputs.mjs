// What the clients send. The parent process writes the recording beside this file.
import { readFileSync } from "node:fs";

/** The words that the scripted speech model finds in the recording. */
export const WORDS = "one two three four";

const bytes = readFileSync(new URL("talk.wav", import.meta.url));

export function recording() {
  return new File([bytes], "talk.wav", { type: "audio/wav" });
}

export function recordingBytes() {
  return new Uint8Array(bytes);
}

export const SCHEMA = {
  type: "object",
  properties: { name: { type: "string" }, people: { type: "integer" } },
  required: ["name", "people"],
  additionalProperties: false,
};

/** The scripted text model answers with what the list has: a text. */
export const SCHEMA_PROMPT = `<<${JSON.stringify(['{"name": "Porto", "people": 231800}'])}>>`;
