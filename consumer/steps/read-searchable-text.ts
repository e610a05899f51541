import type { JobContents } from "../../shared/db/jobs/contents.ts";
import { clip } from "../../shared/input/characters.ts";
import { decodeText } from "../../shared/input/decode-text.ts";
import { MAX_PROMPT_CHARS, MAX_TEXT_CHARS } from "../../shared/limits.ts";

import type { SearchableText } from "../../shared/search/cut-passages.ts";
import { Transcript } from "../../shared/transcripts/transcript.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import { ClassificationInput, type Source, ImageInput } from "../../shared/jobs/job-work.ts";

/** Below this the model itself does not think that it is there. */
const LEAST_SCORE = 0.1;

/** All text that a job can be found by: its input in words, and its results with their summary and description. */
export async function readSearchableText(contents: JobContents, media: R2Bucket): Promise<SearchableText> {
  const [own, summary, caption] = await Promise.all([
    readOwn(contents, media),
    readArtifact(contents, "summary.txt", media),
    readArtifact(contents, "description.txt", media),
  ]);
  return { ...own, summary, caption };
}

async function readOwn(contents: JobContents, media: R2Bucket): Promise<SearchableText> {
  switch (contents.kind) {
    case "transcription":
      return { transcript: await readSegments(contents, media) };
    case "image_generation": {
      const input = ImageInput.parse(JSON.parse(contents.input));
      const prompt = "prompt" in input ? input.prompt : await readText(input.source, media);
      return { prompt: clip(prompt, MAX_PROMPT_CHARS) };
    }
    case "classification": {
      const input = ClassificationInput.parse(JSON.parse(contents.input));
      const labels = contents.labels.filter(({ score }) => score >= LEAST_SCORE);
      if ("text" in input) return { text: input.text, labels };
      const text = input.media === "text" ? await readText(input.source, media) : "";
      return { text: clip(text, MAX_TEXT_CHARS), labels };
    }
  }
}

async function readSegments(contents: JobContents, media: R2Bucket): Promise<Transcript["segments"]> {
  const json = await readArtifact(contents, "transcript.json", media);
  return json === "" ? [] : Transcript.parse(JSON.parse(json)).segments;
}

/** The text of an artifact; empty where the job has none of that name. */
async function readArtifact({ artifacts }: JobContents, name: string, media: R2Bucket): Promise<string> {
  const artifact = artifacts.find((one) => one.name === name);
  if (artifact === undefined) return "";
  return patiently(async () => (await media.get(artifact.key))?.text() ?? "");
}

/** A source belongs to the client, who may have deleted it since the job read it: the text is then empty. */
async function readText({ key, etag }: Source, media: R2Bucket): Promise<string> {
  return patiently(async () => {
    const object = await media.get(key, { onlyIf: { etagMatches: etag } });
    if (object === null || !("body" in object)) return "";
    const read = decodeText(new Uint8Array(await object.arrayBuffer()));
    return read.ok ? read.text : "";
  });
}
