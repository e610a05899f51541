import { embedTexts, TEXTS_A_CALL } from "../../shared/search/embed-texts.ts";
import { type EmbeddedPassage, type Passage, spaceOf } from "../../shared/search/passage.ts";
import { decodeVector, encodeVector } from "../../shared/search/vector.ts";
import { sha256Hex } from "../../shared/hash.ts";
import { StepArgs } from "../../shared/jobs/steps.ts";
import type { Attempt } from "../runner/attempt.ts";
import { cutPassages } from "../../shared/search/cut-passages.ts";
import { readSearchableText } from "../steps/read-searchable-text.ts";
import { discard, processor } from "./processor.ts";
import type { Tools } from "./tools.ts";

/** The answer of one call, as it is kept until the passages are stored. */
interface Embedded {
  readonly space: string;
  /** Base64 of Float32. */
  readonly vectors: readonly string[];
}

type EmbedTools = Pick<Tools, "models" | "media" | "results" | "readJobContents" | "storePassages">;

/** Cut a job's search text into passages that can be found by their words and by their meaning. */
export function createEmbed({ models, media, results, readJobContents, storePassages }: EmbedTools) {
  return processor(StepArgs, async (_, attempt) => {
    const { jobId } = attempt.task;
    const contents = await readJobContents(jobId);
    if (contents === null) return discard("job_missing", "The job no longer exists.");
    const passages = cutPassages(jobId, await readSearchableText(contents, media(attempt)));
    const embedded: EmbeddedPassage[] = [];
    let space = "";
    for (let start = 0; start < passages.length; start += TEXTS_A_CALL) {
      const some = passages.slice(start, start + TEXTS_A_CALL);
      const answered = await embedOnce(some, attempt);
      space = answered.space;
      embedded.push(
        ...some.map((passage, index) => ({ ...passage, vector: decodeVector(answered.vectors[index] ?? "") })),
      );
    }
    await storePassages(attempt, contents, { passages: embedded, space });
    return { type: "completed" };
  });

  /** Embed the texts of one call. The texts name the stored answer: another transcript must not reuse these vectors. */
  async function embedOnce(passages: readonly Passage[], attempt: Attempt): Promise<Embedded> {
    const texts = passages.map(({ text }) => text);
    return results.storedAnswer(
      attempt,
      `vectors-${await sha256Hex(JSON.stringify(texts), { bytes: 8 })}.json`,
      async () => {
        const { vectors, call } = await embedTexts(models(attempt), texts);
        return { space: spaceOf(call, vectors), vectors: vectors.map(encodeVector) };
      },
    );
  }
}
