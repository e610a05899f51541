// An hour of sound takes Whisper an hour of a busy machine. What it has answered is kept, so that a run that was stopped loses
// nothing, and so that a change of the merge is measured without asking Whisper again.
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Recogniser, RecogniseOptions, Recognition } from "../../local/engine/speech/recogniser.ts";

/** Thrown in the place of a call that may not be made. */
export class NotKept extends Error {}

/**
 * A recogniser that asks the given one only about what it has not been asked before: the same samples with the same options.
 * @param recipe what else an answer depends on, such as the versions of the program and its weights.
 * @param mayAsk whether the given one may be asked at all.
 * @throws NotKept
 */
export function keepAnswers(
  recogniser: Recogniser,
  { folder, recipe, mayAsk = true }: { folder: string; recipe: string; mayAsk?: boolean },
): Recogniser {
  mkdirSync(folder, { recursive: true });
  return {
    ...recogniser,
    async recognise(samples, options) {
      const file = join(folder, `${keyOf(samples, options, `${recogniser.engine} ${recipe}`)}.json`);
      const kept = await readFile(file, "utf8").catch(() => null);
      // Written below, by this program.
      if (kept !== null) return JSON.parse(kept) as Recognition;
      if (!mayAsk) throw new NotKept("Whisper has not been asked about these samples yet");
      const answer = await recogniser.recognise(samples, options);
      await replaceFile(file, JSON.stringify(answer));
      return answer;
    },
  };
}

/** Write a file that appears whole or not at all, whenever the run is stopped and whatever other runs write. */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const written = `${file}.${process.pid}`;
  await writeFile(written, content);
  await rename(written, file);
}

function keyOf(samples: Int16Array, { language, task, decoding }: RecogniseOptions, recipe: string): string {
  return createHash("sha256")
    .update(recipe)
    .update(JSON.stringify({ language, task, decoding }))
    .update(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength))
    .digest("hex");
}
