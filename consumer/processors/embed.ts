import { cutPassages } from "../steps/cut-passages.ts";
import { embedTexts, TEXTS_A_CALL } from "../../shared/search/embed-texts.ts";
import { type EmbeddedPassage, type Passage, spaceOf } from "../../shared/search/passage.ts";
import { decodeVector, encodeVector } from "../../shared/search/vector.ts";
import { StepArgs } from "../../shared/jobs/steps.ts";
import { boughtAnswer } from "./stored-answer.ts";
import { discard, processor, type TaskContext } from "./processor.ts";
import { readSayings } from "../steps/read-searchable-text.ts";

/** What one call answered, as it is kept until the passages are stored. */
interface Embedded {
  readonly space: string;
  /** Base64 of Float32. */
  readonly vectors: readonly string[];
}

/** What a job says, cut into passages that can be found by their words and by their meaning. */
export const embed = processor(StepArgs, async (_, context) => {
  const made = await context.readMade();
  if (made === null) return discard("job_missing", "The job is gone.");
  const passages = cutPassages(context.jobId, await readSayings(made, context.media));
  const embedded: EmbeddedPassage[] = [];
  let space = "";
  for (let start = 0; start < passages.length; start += TEXTS_A_CALL) {
    const some = passages.slice(start, start + TEXTS_A_CALL);
    const answered = await embedOnce(some, context);
    space = answered.space;
    embedded.push(
      ...some.map((passage, index) => ({ ...passage, vector: decodeVector(answered.vectors[index] ?? "") })),
    );
  }
  await context.storePassages(made, { passages: embedded, space });
  return { type: "completed" };
});

/** One call's worth, named by its texts: another transcript must not take these vectors over. */
async function embedOnce(passages: readonly Passage[], context: TaskContext): Promise<Embedded> {
  const texts = passages.map(({ text }) => text);
  return boughtAnswer(context, `vectors-${await fingerprintOf(texts)}.json`, async () => {
    const { vectors, call } = await embedTexts(context.models, texts);
    return { space: spaceOf(call, vectors), vectors: vectors.map(encodeVector) };
  });
}

async function fingerprintOf(texts: readonly string[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(texts)));
  return new Uint8Array(digest).subarray(0, 8).toHex();
}
