import { ModelError } from "../../shared/models/model-error.ts";
import { decodeText } from "../../shared/input/decode-text.ts";
import { MAX_PROMPT_CHARS, maxFileBytes } from "../../shared/limits.ts";
import { ImageInput } from "../../shared/jobs/new-job.ts";
import { Prompt, type ImageOptions } from "../../shared/jobs/options.ts";
import { generateImage as runFlux } from "../models/flux.ts";
import { discard, type Outcome, processor, type TaskContext } from "./processor.ts";
import { withSource } from "./source.ts";
import { recall } from "./reuse-result.ts";
import { storeArtifact, storedArtifact } from "./store-artifact.ts";

/** Prompt to picture: `image.jpg`, `image.png` … by what the model really answered. */
export const generateImage = processor(ImageInput, async (input, context) => {
  const drawn = await recall(context, "image.");
  if (drawn !== null) {
    const name = drawn.key.slice(drawn.key.lastIndexOf("/") + 1);
    const contentType = drawn.httpMetadata?.contentType ?? "application/octet-stream";
    return { type: "completed", artifacts: [storedArtifact(name, drawn, contentType)] };
  }
  if ("prompt" in input) return draw(input.prompt, input.options, context);
  return withSource(input.source, { maxBytes: maxFileBytes(MAX_PROMPT_CHARS) }, context, async (bytes) => {
    const read = decodeText(bytes);
    if (!read.ok) return discard("invalid_prompt", `The prompt '${input.source.key}' ${read.reason}.`);
    const prompt = Prompt.safeParse(read.text);
    if (prompt.success) return draw(prompt.data, input.options, context);
    return discard("invalid_prompt", `The prompt: ${prompt.error.issues[0]?.message ?? "not valid"}.`);
  });
});

async function draw(prompt: string, options: ImageOptions, context: TaskContext): Promise<Outcome> {
  const image = await runFlux(context.models, prompt, options).catch((error: unknown) => {
    const isFlagged = error instanceof ModelError && error.code === "refused_by_model";
    if (!isFlagged || options.retryIfFlagged !== true) throw error;
    return runFlux(context.models, prompt, options);
  });
  const artifact = await storeArtifact(context, {
    name: `image.${image.extension}`,
    contentType: image.contentType,
    body: image.bytes,
  });
  return { type: "completed", artifacts: [artifact] };
}
