import { fileTypeFromBuffer } from "file-type";

import { MAX_DESCRIBED_BYTES } from "../../shared/limits.ts";
import type { Outcome, StoredArtifact } from "../../shared/jobs/outcome.ts";
import { StepArgs } from "../../shared/jobs/steps.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import { cutPassages } from "../../shared/search/cut-passages.ts";
import { caption } from "../models/captioner.ts";
import type { Attempt } from "../runner/attempt.ts";
import { NOTHING_TO_DO, readLeft } from "../steps/material.ts";
import { discard, processor } from "./processor.ts";
import { storedArtifact } from "./store-artifact.ts";
import type { Tools } from "./tools.ts";

const DESCRIPTION = "description.txt";
const TEXT = "text/plain; charset=utf-8";

/** Memory for each byte of the picture: the picture, its base64 and the JSON around that. */
const WEIGHT = 4;

type DescribeTools = Pick<Tools, "models" | "media" | "memory" | "withSource" | "results" | "readJobContents">;

/** Describe a picture, generated or classified, in a sentence: `description.txt`. */
export function createDescribe({ models, media, memory, withSource, results, readJobContents }: DescribeTools) {
  return processor(StepArgs, async (_, attempt) => {
    const known = await results.reuse(attempt, DESCRIPTION);
    if (known !== null) {
      const text = await patiently(async () => (await media(attempt).get(known.key))?.text() ?? "");
      return completed(storedArtifact(DESCRIPTION, known, TEXT), text, attempt);
    }
    const left = await readLeft(attempt.task.jobId, readJobContents);
    if (left === null || left.leaves.material !== "a picture") return NOTHING_TO_DO;
    const { picture, converted = null } = left.leaves;
    if (picture !== "result" && converted === null) {
      return withSource(attempt, picture, { maxBytes: MAX_DESCRIBED_BYTES, weight: WEIGHT }, (bytes) =>
        describePicture(bytes, attempt),
      );
    }
    const isConverted = ({ name }: { name: string }) => converted !== null && name.startsWith(converted);
    const made = picture === "result" ? left.result : left.artifacts.find(isConverted);
    if (made === undefined) return NOTHING_TO_DO;
    const { key, sizeBytes } = made;
    if (sizeBytes > MAX_DESCRIBED_BYTES) {
      return discard(
        "source_too_large",
        `The picture has ${sizeBytes} bytes; the limit for a description is ${MAX_DESCRIBED_BYTES} bytes.`,
      );
    }
    return memory.sources.hold(sizeBytes * WEIGHT, async () => {
      const bytes = await patiently(async () => (await media(attempt).get(key))?.bytes());
      if (bytes === undefined) throw new Error(`'${key}' is not in the bucket`);
      return describePicture(bytes, attempt);
    });
  });

  async function describePicture(bytes: Uint8Array, attempt: Attempt): Promise<Outcome> {
    const type = await fileTypeFromBuffer(bytes);
    if (type === undefined) return discard("undecodable_input", "The source is not a picture in a known format.");
    // An animated PNG begins with a picture that every decoder of PNG reads.
    const contentType = type.mime === "image/apng" ? "image/png" : type.mime;
    const text = await caption(models(attempt), { bytes, contentType });
    const artifact = await results.store(attempt, { name: DESCRIPTION, contentType: TEXT, body: `${text}\n` });
    return completed(artifact, text, attempt);
  }
}

function completed(artifact: StoredArtifact, text: string, { task }: Attempt): Outcome {
  return { type: "completed", artifacts: [artifact], passages: cutPassages(task.jobId, { caption: text }) };
}
