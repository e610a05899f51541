import type { Made } from "../shared/db/made.ts";
import { MAX_PROMPT_CHARS, MAX_TEXT_CHARS } from "../shared/limits.ts";
import { ClassificationInput, ImageInput, type Source } from "../shared/new-job.ts";
import type { Sayings } from "../shared/search/cut-passages.ts";
import { Transcript } from "../shared/transcript.ts";
import { patiently } from "./patient.ts";

/** Below this the model itself does not think that it is there. */
const LEAST_SCORE = 0.1;

/** What a job says: what it was given in words, and what it has made. */
export async function readSayings(made: Made, media: R2Bucket): Promise<Sayings> {
  switch (made.kind) {
    case "transcription":
      return { transcript: await readSegments(made, media) };
    case "image_generation": {
      const input = ImageInput.parse(JSON.parse(made.input));
      const prompt = "prompt" in input ? input.prompt : await readText(input.source, media);
      return { prompt: prompt.slice(0, MAX_PROMPT_CHARS) };
    }
    case "classification": {
      const input = ClassificationInput.parse(JSON.parse(made.input));
      const labels = made.labels.filter(({ score }) => score >= LEAST_SCORE);
      if ("text" in input) return { text: input.text, labels };
      const text = input.media === "text" ? await readText(input.source, media) : "";
      return { text: text.slice(0, MAX_TEXT_CHARS), labels };
    }
  }
}

async function readSegments(made: Made, media: R2Bucket): Promise<Transcript["segments"]> {
  const artifact = made.artifacts.find(({ name }) => name === "transcript.json");
  const json = artifact && (await patiently(async () => (await media.get(artifact.key))?.json()));
  return json === undefined ? [] : Transcript.parse(json).segments;
}

/** A source belongs to the client, who may have deleted it once the job had read it: it then says nothing. */
async function readText({ key, etag }: Source, media: R2Bucket): Promise<string> {
  return patiently(async () => {
    const object = await media.get(key, { onlyIf: { etagMatches: etag } });
    return object !== null && "body" in object ? object.text() : "";
  });
}
