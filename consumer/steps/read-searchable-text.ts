import type { JobContents } from "../../shared/db/jobs/contents.ts";
import { clip } from "../../shared/input/characters.ts";
import { decodeText } from "../../shared/input/decode-text.ts";
import { kindOf, NewerWork, storedLeaves } from "../../shared/kinds/index.ts";
import type { GivenWords } from "../../shared/kinds/kind.ts";
import { type SearchableText, tellingLabels } from "../../shared/search/cut-passages.ts";
import { Transcript } from "../../shared/transcripts/transcript.ts";
import { patiently } from "../../shared/uploads/patient.ts";

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
  const labels = tellingLabels(contents.labels);
  const leaves = storedLeaves(contents);
  if (leaves === null) throw new NewerWork("the job is of a newer version");
  switch (leaves.material) {
    case "a transcript":
      return { transcript: await readSegments(contents, kindOf(contents.kind).result, media), labels };
    case "a text":
      return { text: await readWords(leaves.words, media), labels };
    case "a picture":
      return { prompt: leaves.prompt === undefined ? "" : await readWords(leaves.prompt, media), labels };
  }
}

async function readSegments(contents: JobContents, name: string, media: R2Bucket): Promise<Transcript["segments"]> {
  const json = await readArtifact(contents, name, media);
  return json === "" ? [] : Transcript.parse(JSON.parse(json)).segments;
}

/** The text of an artifact; empty where the job has none of that name. */
async function readArtifact({ artifacts }: JobContents, name: string, media: R2Bucket): Promise<string> {
  const artifact = artifacts.find((one) => one.name === name);
  if (artifact === undefined) return "";
  return patiently(async () => (await media.get(artifact.key))?.text() ?? "");
}

/** A source belongs to the client, who may have deleted it since the job read it: its words are then empty. */
export async function readWords(words: GivenWords, media: R2Bucket): Promise<string> {
  if ("text" in words) return words.text;
  const { key, etag } = words.source;
  return patiently(async () => {
    const object = await media.get(key, { onlyIf: { etagMatches: etag } });
    if (object === null || !("body" in object)) return "";
    const read = decodeText(new Uint8Array(await object.arrayBuffer()));
    return read.ok ? clip(read.text, words.maxChars) : "";
  });
}
