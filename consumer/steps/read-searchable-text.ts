import type { Made } from "../../shared/db/jobs/contents.ts";
import { clip } from "../../shared/input/characters.ts";
import { decodeText } from "../../shared/input/decode-text.ts";
import { MAX_PROMPT_CHARS, MAX_TEXT_CHARS } from "../../shared/limits.ts";
import { ClassificationInput, ImageInput, type Source } from "../../shared/jobs/new-job.ts";
import type { Sayings } from "./cut-passages.ts";
import { Transcript } from "../../shared/transcripts/transcript.ts";
import { patiently } from "../../shared/uploads/patient.ts";

/** Below this the model itself does not think that it is there. */
const LEAST_SCORE = 0.1;

/** What a job says: what it was given in words, and what it has made, a summary and a description among it. */
export async function readSayings(made: Made, media: R2Bucket): Promise<Sayings> {
  const [own, summary, caption] = await Promise.all([
    readOwn(made, media),
    readArtifact(made, "summary.txt", media),
    readArtifact(made, "description.txt", media),
  ]);
  return { ...own, summary, caption };
}

async function readOwn(made: Made, media: R2Bucket): Promise<Sayings> {
  switch (made.kind) {
    case "transcription":
      return { transcript: await readSegments(made, media) };
    case "image_generation": {
      const input = ImageInput.parse(JSON.parse(made.input));
      const prompt = "prompt" in input ? input.prompt : await readText(input.source, media);
      return { prompt: clip(prompt, MAX_PROMPT_CHARS) };
    }
    case "classification": {
      const input = ClassificationInput.parse(JSON.parse(made.input));
      const labels = made.labels.filter(({ score }) => score >= LEAST_SCORE);
      if ("text" in input) return { text: input.text, labels };
      const text = input.media === "text" ? await readText(input.source, media) : "";
      return { text: clip(text, MAX_TEXT_CHARS), labels };
    }
  }
}

async function readSegments(made: Made, media: R2Bucket): Promise<Transcript["segments"]> {
  const json = await readArtifact(made, "transcript.json", media);
  return json === "" ? [] : Transcript.parse(JSON.parse(json)).segments;
}

/** The text of an artifact; empty where the job has none of that name. */
async function readArtifact({ artifacts }: Made, name: string, media: R2Bucket): Promise<string> {
  const artifact = artifacts.find((one) => one.name === name);
  if (artifact === undefined) return "";
  return patiently(async () => (await media.get(artifact.key))?.text() ?? "");
}

/** A source belongs to the client, who may have deleted it once the job had read it: it then says nothing. */
async function readText({ key, etag }: Source, media: R2Bucket): Promise<string> {
  return patiently(async () => {
    const object = await media.get(key, { onlyIf: { etagMatches: etag } });
    if (object === null || !("body" in object)) return "";
    const read = decodeText(new Uint8Array(await object.arrayBuffer()));
    return read.ok ? read.text : "";
  });
}
