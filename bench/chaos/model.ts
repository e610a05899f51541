// The model behind the faults. Its answer depends only on its input, so the right result of every job is known.
import { SECOND_BYTES } from "../../test/speech.ts";
import { hexOf } from "./hash.ts";

/** A 1 × 1 JPEG. Every reader ignores what follows the end marker, and every copy keeps it. */
const JPEG = Uint8Array.fromBase64(
  "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q==",
);

/** A question with its answer. `mark` names the job that asked. */
export interface Asked {
  readonly mark: string;
  /** Identical for the same question to the same model. */
  readonly key: string;
  /** JSON. */
  readonly answer: string;
  /** An object holds this answer if it contains every one of these words, or `raw`. */
  readonly words: readonly string[];
  readonly raw: string;
}

export function ask(model: string, inputs: Record<string, unknown>): Asked {
  const { prompt, text, image, audio } = inputs;
  if (typeof prompt === "string") {
    const mark = markIn(prompt);
    const picture = pictureOf(mark).toBase64();
    return { mark, key: `${model} ${prompt}`, answer: JSON.stringify({ image: picture }), words: [mark], raw: picture };
  }
  if (typeof text === "string") return classified(model, markIn(text), text);
  if (Array.isArray(image)) {
    const bytes = new TextDecoder("latin1").decode(new Uint8Array(image));
    return classified(model, markIn(bytes.slice(JPEG.length)), hexOf(bytes));
  }
  if (typeof audio === "string") return listened(model, Uint8Array.fromBase64(audio), inputs["vad_filter"] === true);
  throw new Error(`no model takes these inputs: ${Object.keys(inputs).join(", ")}`);
}

/** Find the mark that tells the model which job a text or prompt belongs to. */
function markIn(text: string): string {
  const [mark] = /\bj\d+\b/.exec(text) ?? [];
  if (mark === undefined) throw new Error(`no mark in '${text.slice(0, 100)}'`);
  return mark;
}

export function pictureOf(mark: string): Uint8Array<ArrayBuffer> {
  const tail = new TextEncoder().encode(` ${mark} `);
  const bytes = new Uint8Array(JPEG.length + tail.length);
  bytes.set(JPEG);
  bytes.set(tail, JPEG.length);
  return bytes;
}

/** Best first, as in `labels.json`. */
export function labelsOf(mark: string): { label: string; score: number }[] {
  const number = Number(mark.slice(1));
  return [
    { label: `horse ${mark}`, score: 0.5 + (number % 100) / 1000 },
    { label: `cup ${mark}`, score: 0.2 + (number % 10) / 1000 },
    { label: "moon", score: 0.1 },
  ];
}

function classified(model: string, mark: string, question: string): Asked {
  const answer = JSON.stringify(labelsOf(mark).toReversed());
  return { mark, key: `${model} ${question}`, answer, words: ["horse", "cup", "moon", mark], raw: answer };
}

function listened(model: string, wav: Uint8Array, isSafer: boolean): Asked {
  const bytes = new TextDecoder("latin1").decode(wav);
  const start = bytes.indexOf("data") + 8;
  const words: { word: string; start: number; end: number }[] = [];
  const durationSeconds = (bytes.length - start) / SECOND_BYTES;
  for (let from = bytes.indexOf("<", start); from >= 0; from = bytes.indexOf("<", from + 1)) {
    const until = bytes.indexOf(">", from);
    const word = bytes.slice(from + 1, until);
    const at = (from - start) / SECOND_BYTES;
    if (until > 0 && /^\w+$/.test(word) && at + 0.4 <= durationSeconds) words.push({ word, start: at, end: at + 0.4 });
  }
  const said = words.map(({ word }) => word);
  const text = said.join(" ");
  const [mark] = /^j\d+/.exec(text) ?? [];
  if (mark === undefined) throw new Error(`no speech in ${wav.length} bytes of audio`);
  const segments = [{ start: words[0]?.start, end: words.at(-1)?.end, text: ` ${text}`, words }];
  const answer = JSON.stringify({
    text,
    segments,
    transcription_info: { language: "en", duration: durationSeconds },
  });
  return { mark, key: `${model} ${isSafer ? "safer " : ""}${hexOf(bytes)}`, answer, words: said, raw: answer };
}
