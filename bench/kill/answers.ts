// The answers of the scripted models. They depend only on the input, so the right result of every job is known.
import { createHash } from "node:crypto";

import { SECOND_BYTES, WORD_MS } from "../../test/speech.ts";

/** A picture of one pixel. Viewers ignore what follows the end of a JPEG; here it identifies the picture. */
const JPEG = Buffer.from(
  "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q==",
  "base64",
);

export interface Answer {
  /** What was asked: the text or prompt or, for audio, its first word. A repeated question is the same. */
  readonly question: string;
  readonly body: unknown;
}

export function pictureOf(prompt: string): Buffer {
  return Buffer.concat([JPEG, Buffer.from(prompt)]);
}

/** Best first. */
export function labelsOf(text: string): readonly { label: string; score: number }[] {
  const label = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return [
    { label: `is-${label}`, score: 0.75 },
    { label: `not-${label}`, score: 0.25 },
  ];
}

/** Answer as this model would. The inputs are those of Workers AI. @throws for any other inputs. */
export function answerTo(model: string, inputs: Readonly<Record<string, unknown>>): Answer {
  const { text, prompt, audio } = inputs;
  if (typeof text === "string") return { question: text, body: labelsOf(text) };
  if (typeof prompt === "string") return { question: prompt, body: { image: pictureOf(prompt).toString("base64") } };
  if (typeof audio !== "string") throw new Error(`'${model}' was asked with ${Object.keys(inputs).join(", ")}`);
  const { words, durationSeconds } = listen(Buffer.from(audio, "base64"));
  const said = words.map(({ word }) => word).join(" ");
  const segments = [{ start: words[0]?.start ?? 0, end: words.at(-1)?.end ?? 0, text: said, words }];
  return {
    question: words[0]?.word ?? "silence",
    body: { text: said, segments, transcription_info: { language: "en", duration: durationSeconds } },
  };
}

/** Read what `speech()` wrote into a WAV: each complete word with its time. */
function listen(wav: Buffer) {
  const bytes = wav.toString("latin1");
  const start = bytes.indexOf("data") + 8;
  const at = (offset: number) => (offset - start) / SECOND_BYTES;
  const words = [...bytes.slice(start).matchAll(/<([^<>\0]+)>/g)]
    .map((match) => {
      const from = at(match.index + start);
      return { word: match[1] ?? "", start: from, end: from + (0.8 * WORD_MS) / 1000 };
    })
    .filter(({ end }) => end <= at(bytes.length));
  return { words, durationSeconds: at(bytes.length) };
}
