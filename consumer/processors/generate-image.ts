import { ModelError } from "../../shared/models/model-error.ts";
import { decodeText } from "../../shared/input/decode-text.ts";
import { MAX_PROMPT_CHARS, maxFileBytes } from "../../shared/limits.ts";
import { imageGeneration, ImageInput } from "../../shared/kinds/image-generation/kind.ts";
import { Prompt, type ImageOptions } from "../../shared/kinds/image-generation/options.ts";
import type { Outcome, StoredArtifact } from "../../shared/jobs/outcome.ts";
import { cutPassages } from "../../shared/search/cut-passages.ts";
import { generateImage } from "../models/flux.ts";
import type { Attempt } from "../runner/attempt.ts";
import { readFoundBy } from "../steps/read-searchable-text.ts";
import { discard, processor } from "./processor.ts";
import { storedArtifact } from "./store-artifact.ts";
import type { Tools } from "./tools.ts";

/** Generate a picture from a prompt: `image.jpg`, `image.png` …, by the type that the model really returned. */
export function createGenerateImage({
  models,
  media,
  withSource,
  results,
}: Pick<Tools, "models" | "media" | "withSource" | "results">) {
  return processor(ImageInput, async (input, attempt) => {
    const drawn = await results.reuse(attempt, imageGeneration.result);
    if (drawn !== null) {
      const name = drawn.key.slice(drawn.key.lastIndexOf("/") + 1);
      const contentType = drawn.httpMetadata?.contentType ?? "application/octet-stream";
      const prompt = await readFoundBy(imageGeneration.leaves(input).prompt, media(attempt));
      return completed(storedArtifact(name, drawn, contentType), prompt, attempt);
    }
    if ("prompt" in input) return draw(input.prompt, input.options, attempt);
    return withSource(attempt, input.source, { maxBytes: maxFileBytes(MAX_PROMPT_CHARS) }, async (bytes) => {
      const read = decodeText(bytes);
      if (!read.ok) return discard("invalid_prompt", `The prompt '${input.source.key}' ${read.reason}.`);
      const prompt = Prompt.safeParse(read.text);
      if (prompt.success) return draw(prompt.data, input.options, attempt);
      return discard("invalid_prompt", `The prompt: ${prompt.error.issues[0]?.message ?? "not valid"}.`);
    });
  });

  async function draw(prompt: string, options: ImageOptions, attempt: Attempt): Promise<Outcome> {
    const runner = models(attempt);
    const image = await generateImage(runner, prompt, options).catch((error: unknown) => {
      const isFlagged = error instanceof ModelError && error.code === "refused_by_model";
      if (!isFlagged || options.retryIfFlagged !== true) throw error;
      return generateImage(runner, prompt, options);
    });
    const artifact = await results.store(attempt, {
      name: `${imageGeneration.result}${image.extension}`,
      contentType: image.contentType,
      body: image.bytes,
    });
    return completed(artifact, prompt, attempt);
  }
}

/** A picture is found by its prompt. */
function completed(artifact: StoredArtifact, prompt: string, { task }: Attempt): Outcome {
  return { type: "completed", artifacts: [artifact], passages: cutPassages(task.jobId, { prompt }) };
}
