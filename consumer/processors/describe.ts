import { fileTypeFromBuffer } from "file-type";

import { MAX_DESCRIBED_BYTES } from "../../shared/limits.ts";
import { StepArgs } from "../../shared/jobs/steps.ts";
import { caption } from "../models/captioner.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import { discard, type Outcome, processor, type TaskContext } from "./processor.ts";
import { recall } from "./reuse-result.ts";
import { withSource } from "./source.ts";
import { NOTHING_TO_DO, readMadeWork } from "../steps/material.ts";
import { storeArtifact, storedArtifact } from "./store-artifact.ts";
import { LABELS } from "./classify.ts";

const DESCRIPTION = "description.txt";
const TEXT = "text/plain; charset=utf-8";

/** The picture, its base64 and the JSON around that. */
const WEIGHT = 4;

/** A picture, drawn or classified, in a sentence: `description.txt`. */
export const describe = processor(StepArgs, async (_, context) => {
  const known = await recall(context, DESCRIPTION);
  if (known !== null) return { type: "completed", artifacts: [storedArtifact(DESCRIPTION, known, TEXT)] };
  const made = await readMadeWork(context);
  if (made === null) return NOTHING_TO_DO;
  const { artifacts, work } = made;
  if (work.kind === "image_generation") {
    const drawn = artifacts.find(({ name }) => name.startsWith("image."));
    if (drawn === undefined) return NOTHING_TO_DO;
    if (drawn.sizeBytes > MAX_DESCRIBED_BYTES) {
      return discard(
        "source_too_large",
        `The picture has ${drawn.sizeBytes} bytes; at most ${MAX_DESCRIBED_BYTES} are described.`,
      );
    }
    return context.memory.sources.hold(drawn.sizeBytes * WEIGHT, async () => {
      const bytes = await patiently(async () => (await context.media.get(drawn.key))?.bytes());
      if (bytes === undefined) throw new Error(`'${drawn.key}' is not in the bucket`);
      return describePicture(bytes, context);
    });
  }
  const { input } = work;
  if (!("media" in input) || !artifacts.some(({ name }) => name === LABELS)) return NOTHING_TO_DO;
  return withSource(input.source, { maxBytes: MAX_DESCRIBED_BYTES, weight: WEIGHT }, context, (bytes) =>
    describePicture(bytes, context),
  );
});

async function describePicture(bytes: Uint8Array, context: TaskContext): Promise<Outcome> {
  const type = await fileTypeFromBuffer(bytes);
  if (type === undefined) return discard("undecodable_input", "The bytes are those of no picture.");
  const text = await caption(context.models, { bytes, contentType: type.mime });
  const artifact = await storeArtifact(context, { name: DESCRIPTION, contentType: TEXT, body: `${text}\n` });
  return { type: "completed", artifacts: [artifact] };
}
