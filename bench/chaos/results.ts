import { IMAGE_CLASSIFIER, TEXT_CLASSIFIER } from "../../shared/models/models.ts";
import { Transcript } from "../../shared/transcripts/transcript.ts";
import { WORD_MS } from "../../test/speech.ts";
import { labelsOf, pictureOf } from "./model.ts";
import { type Work, wordsOf } from "./work.ts";

export interface StoredResult {
  readonly artifacts: { readonly name: string; readonly key: string; readonly sizeBytes: number }[];
  readonly labels: { readonly label: string; readonly score: number }[];
}

/** How far a word's time may be from where it was said. */
const TIME_ERROR_MS = 50;

/** Return how a completed job's result differs from the right one for its input; null if it is right. */
export async function isDeserved(
  work: Work,
  { artifacts, labels }: StoredResult,
  media: R2Bucket,
): Promise<string | null> {
  const stored = new Map<string, Uint8Array>();
  for (const { name, key, sizeBytes } of artifacts) {
    const object = await media.get(key);
    if (object === null) return `'${key}' is not in the bucket`;
    const bytes = new Uint8Array(await object.arrayBuffer());
    if (bytes.length !== sizeBytes) return `'${key}' has ${bytes.length} bytes, but its row says ${sizeBytes}`;
    stored.set(name, bytes);
  }
  const text = (name: string) => new TextDecoder().decode(stored.get(name));
  const names = [...stored.keys()].join(" ");
  switch (work.kind) {
    case "picture": {
      if (names !== "image.jpg") return `its artifacts are '${names}'`;
      const isSame = stored.get("image.jpg")?.toBase64() === pictureOf(work.mark).toBase64();
      return isSame ? null : "another picture";
    }
    case "photo":
    case "text": {
      if (names !== "labels.json") return `its artifacts are '${names}'`;
      const model = work.kind === "photo" ? IMAGE_CLASSIFIER : TEXT_CLASSIFIER;
      const deserved = { model, engine: "workers-ai", labels: labelsOf(work.mark) };
      if (text("labels.json") !== JSON.stringify(deserved, null, 2)) return `other labels: ${text("labels.json")}`;
      return JSON.stringify(labels) === JSON.stringify(deserved.labels) ? null : "other labels in D1";
    }
    case "note":
    case "recording":
      if (names !== "transcript.json transcript.srt transcript.txt transcript.vtt")
        return `its artifacts are '${names}'`;
      return isTranscribed(wordsOf(work), text("transcript.json"), {
        "transcript.txt": text("transcript.txt"),
        "transcript.vtt": text("transcript.vtt"),
        "transcript.srt": text("transcript.srt"),
      });
  }
}

function isTranscribed(
  said: readonly string[],
  json: string,
  renderings: Readonly<Record<string, string>>,
): string | null {
  const parsed = Transcript.safeParse(parseJson(json));
  if (!parsed.success) return `transcript.json is not a transcript: ${parsed.error.message}`;
  const { text, segments, isComplete, gaps, lowConfidence, durationMs } = parsed.data;
  if (text !== said.join(" ")) return `other words: ${differenceOf(said, text.split(" "))}`;
  const heard = segments.flatMap(({ words }) => words);
  if (heard.map((word) => word.text).join(" ") !== text) return "words and text differ";
  const late = heard.find(({ startMs }, index) => Math.abs(startMs - index * WORD_MS) > TIME_ERROR_MS);
  if (late !== undefined) return `'${late.text}' at ${late.startMs} ms`;
  if (!isComplete || gaps.length > 0 || lowConfidence.length > 0) return "incomplete or in doubt";
  if (durationMs !== said.length * WORD_MS) return `${durationMs} ms of ${said.length * WORD_MS}`;
  for (const [name, body] of Object.entries(renderings)) {
    const words = body.match(/\bj\d+w\d+\b/g) ?? [];
    if (words.join(" ") !== text) return `${name}: ${differenceOf(said, words)}`;
  }
  return null;
}

function differenceOf(said: readonly string[], heard: readonly string[]): string {
  const at = said.findIndex((word, index) => word !== heard[index]);
  return `${heard.length} of ${said.length} words; the first wrong one is '${heard[at]}' instead of '${said[at]}'`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
