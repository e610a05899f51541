import type { JobContents } from "../../shared/db/jobs/contents.ts";
import { clip } from "../../shared/input/characters.ts";
import { mainArtifact, NewerWork, storedLeaves } from "../../shared/kinds/index.ts";
import type { GivenWords } from "../../shared/kinds/kind.ts";
import { type SearchableText, tellingLabels } from "../../shared/search/cut-passages.ts";
import { Transcript } from "../../shared/transcripts/transcript.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import { readWords } from "../../shared/uploads/read-words.ts";

/** Read all text that a job can be found by: its input in words, its results, its summary and its description. */
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
  if (leaves === null) throw new NewerWork("the job was written by a newer version");
  switch (leaves.material) {
    case "a transcript":
      return { transcript: await readSegments(contents, media), labels };
    case "a text": {
      const { words } = leaves;
      const text = "maxTokens" in words ? await readMain(contents, media) : await readFoundBy(words, media);
      return { text, labels };
    }
    case "a picture":
      return { prompt: leaves.prompt === undefined ? "" : await readFoundBy(leaves.prompt, media), labels };
  }
}

async function readSegments(contents: JobContents, media: R2Bucket): Promise<Transcript["segments"]> {
  const json = await readMain(contents, media);
  return json === "" ? [] : Transcript.parse(JSON.parse(json)).segments;
}

async function readMain(contents: JobContents, media: R2Bucket): Promise<string> {
  const main = mainArtifact(contents.kind, contents.artifacts);
  return main === undefined ? "" : readArtifact(contents, main.name, media);
}

/** Read the text of an artifact; empty if the job has none of that name. */
async function readArtifact({ artifacts }: JobContents, name: string, media: R2Bucket): Promise<string> {
  const artifact = artifacts.find((one) => one.name === name);
  if (artifact === undefined) return "";
  return patiently(async () => (await media.get(artifact.key))?.text() ?? "");
}

/** Read the given words that a job can be found by; empty if they are gone. */
export async function readFoundBy(words: GivenWords, media: R2Bucket): Promise<string> {
  const read = await patiently(() => readWords(words, media));
  return read.ok ? clip(read.text, words.maxChars) : "";
}
