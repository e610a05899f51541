import { speech, WORD_MS } from "../../test/speech.ts";
import { labelsOf, pictureOf } from "./answers.ts";

/** How a job arrives: described to the API, uploaded through it, or put into the bucket with an S3 client. */
export type Way =
  | { readonly type: "described"; readonly body: object }
  | { readonly type: "uploaded" | "put"; readonly name: string; readonly bytes: Uint8Array };

export interface Work {
  /** Part of everything that the job is given, and of nothing else. */
  readonly tag: string;
  readonly way: Way;
  /** What its first task asks a model, as the ledger names it; null for a recording that is cut first. */
  readonly question: string | null;
  /** The artifact that shows whether the result is right, and a check of its content. */
  readonly expected: { readonly artifact: string; readonly isRight: (bytes: Buffer) => boolean };
}

/** Three minutes: planned, transcribed in chunks, and joined. */
const LONG_WORDS = 360;
const SHORT_WORDS = 12;

/** One round of the mix, in the order of submission. */
const MIX = [
  text("described"),
  picture("described"),
  recording("uploaded", SHORT_WORDS),
  text("put"),
  picture("put"),
  recording("uploaded", LONG_WORDS),
  text("described"),
  picture("described"),
  text("uploaded"),
  recording("put", SHORT_WORDS),
];

/** Plan this many works of the mix, each different from the others. */
export function planWork(count: number): readonly Work[] {
  // A tag ends in a letter, so that no tag is the beginning of another.
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const make = MIX[index % MIX.length];
    return make === undefined ? [] : [make(`k${index}x`)];
  });
}

/** Return what this task asks a model, as the ledger names it; null for a task that asks none. */
export function questionOf(task: { kind: string; args: string }, work: Work): string | null {
  if (task.kind !== "transcribe_chunk") return task.kind === "join_transcript" ? null : work.question;
  const { chunk } = JSON.parse(task.args) as { chunk: { startMs: number } };
  return `${work.tag}${Math.ceil(chunk.startMs / WORD_MS)}`;
}

function text(type: Way["type"]) {
  return (tag: string): Work => {
    const said = `what ${tag} has to say`;
    const body = { kind: "classification", text: said };
    const labels = JSON.stringify(labelsOf(said));
    return {
      tag,
      question: said,
      way: type === "described" ? { type, body } : { type, name: `${tag}.txt`, bytes: Buffer.from(said) },
      expected: {
        artifact: "labels.json",
        isRight: (bytes) => JSON.stringify((JSON.parse(bytes.toString()) as { labels: unknown }).labels) === labels,
      },
    };
  };
}

function picture(type: Way["type"]) {
  return (tag: string): Work => {
    const prompt = `a harbour for ${tag}`;
    const body = { kind: "image_generation", prompt };
    return {
      tag,
      question: prompt,
      way: type === "described" ? { type, body } : { type, name: `${tag}.prompt`, bytes: Buffer.from(prompt) },
      expected: { artifact: "image.jpg", isRight: (bytes) => bytes.equals(pictureOf(prompt)) },
    };
  };
}

function recording(type: "uploaded" | "put", wordCount: number) {
  return (tag: string): Work => {
    const said = Array.from({ length: wordCount }, (_, index) => `${tag}${index}`).join(" ");
    return {
      tag,
      question: wordCount === LONG_WORDS ? null : `${tag}0`,
      way: { type, name: `${tag}.wav`, bytes: speech(said) },
      expected: { artifact: "transcript.txt", isRight: (bytes) => bytes.toString().trim() === said },
    };
  };
}
