// Makes finished transcriptions for tests of the view. The recording is real, and its words can be replaced.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Transcript } from "../../client/index.ts";
import type { Running } from "./running.ts";

/** The part of the product that is needed for it. */
interface Darkroom {
  readonly api: Running["api"];
  readonly env: () => Running["env"];
}

export const SAMPLES = join(import.meta.dirname, "../../local/samples");

/** Wait until a job has ended. */
export async function ended(darkroom: Darkroom, id: string): Promise<void> {
  const end = Date.now() + 90_000;
  const state = async () => (await darkroom.api<{ state: string }>(`/v1/jobs/${id}`)).state;
  while (!["completed", "failed", "cancelled"].includes(await state())) {
    if (Date.now() > end) throw new Error(`${id} has not ended`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Transcribe the sample. Each call makes a new job. */
export async function voiceNote(darkroom: Darkroom, name = "voice-note.mp3"): Promise<string> {
  const body = await readFile(join(SAMPLES, "voice-note.mp3"));
  return recorded(darkroom, name, body);
}

export async function recorded(darkroom: Darkroom, name: string, body: BodyInit): Promise<string> {
  const path = `/v1/uploads?name=${encodeURIComponent(name)}&reuse=false`;
  const { id } = await darkroom.api<{ id: string }>(path, { method: "POST", body });
  await ended(darkroom, id);
  return id;
}

/** Replace the words of a transcript. */
export async function putWords(
  darkroom: Darkroom,
  id: string,
  change: (transcript: Transcript) => Partial<Transcript>,
): Promise<void> {
  const { DB, MEDIA } = darkroom.env();
  const { artifacts } = await darkroom.api<{ artifacts: { name: string }[] }>(`/v1/jobs/${id}`);
  if (!artifacts.some(({ name }) => name === "transcript.json")) throw new Error(`${id} has no transcript`);
  const row = await DB.prepare("SELECT key FROM artifacts WHERE job_id = ?1 AND name = 'transcript.json'")
    .bind(id)
    .first<{ key: string }>();
  if (row === null) throw new Error(`${id} has no transcript`);
  const stored = await MEDIA.get(row.key);
  const before = JSON.parse((await stored?.text()) ?? "{}") as Transcript;
  const segments = change(before).segments ?? before.segments;
  const after = { ...before, ...change(before), text: segments.map(({ text }) => text).join(" ") };
  await MEDIA.put(row.key, JSON.stringify(after));
}

/** Return a long talk with segments of twelve words and two seconds each. */
export function longTalk(words: number): Transcript["segments"] {
  const WORDS = "the harbour was quiet when we came back from the island that evening".split(" ");
  return Array.from({ length: Math.ceil(words / 12) }, (_, index) => {
    const startMs = index * 4000;
    const said = Array.from({ length: 12 }, (__, word) => WORDS[(index * 5 + word) % WORDS.length] ?? "");
    return {
      startMs,
      endMs: startMs + 3900,
      text: said.join(" "),
      words: said.map((text, word) => ({ startMs: startMs + word * 325, endMs: startMs + word * 325 + 300, text })),
    };
  });
}

/** Wait until a condition is true. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error("it did not come to be so");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
