import { ModelError } from "../../shared/models/model-error.ts";
import { decodeText } from "../../shared/input/decode-text.ts";
import { MAX_PROMPT_CHARS, maxFileBytes } from "../../shared/limits.ts";
import { describeRefused, imageGeneration, ImageInput, pictureName } from "../../shared/kinds/image-generation/kind.ts";
import { optionsOfPicture, Prompt, type ImageOptions } from "../../shared/kinds/image-generation/options.ts";
import type { Outcome, StoredArtifact } from "../../shared/jobs/outcome.ts";
import { cutPassages } from "../../shared/search/cut-passages.ts";
import { generateImage } from "../models/flux.ts";
import type { Attempt } from "../runner/attempt.ts";
import { readFoundBy } from "../steps/read-searchable-text.ts";
import { note, discard, processor } from "./processor.ts";
import { artifactOf } from "./store-artifact.ts";
import type { Tools } from "./tools.ts";

/**
 * Generate the pictures of a prompt: `image.jpg`, `image-2.jpg` … or `.png`, by the type that the model really returned. Each is
 * stored with its own cost before the next one is asked for, so that an attempt asks only for those that no earlier attempt stored.
 */
export function createGenerateImage({
  models,
  media,
  withSource,
  results,
}: Pick<Tools, "models" | "media" | "withSource" | "results">) {
  return processor(ImageInput, async (input, attempt) => {
    const first = await reuse(attempt, 0);
    if (first !== null) {
      const prompt = await readFoundBy(imageGeneration.leaves(input).prompt, media(attempt));
      return drawRest(first, prompt, input.options, attempt);
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
    return drawRest(await drawOne(prompt, options, 0, attempt), prompt, options, attempt);
  }

  /**
   * Generate all pictures after the first. One that the model refuses is left out, with a notice: those before it have been paid for.
   */
  async function drawRest(
    first: StoredArtifact,
    prompt: string,
    options: ImageOptions,
    attempt: Attempt,
  ): Promise<Outcome> {
    const artifacts = [first];
    const { count = 1 } = options;
    for (let index = 1; index < count; index += 1) {
      const picture = (await reuse(attempt, index)) ?? (await drawUnlessRefused(prompt, options, index, attempt));
      if (picture !== null) artifacts.push(picture);
    }
    const refused = count - artifacts.length;
    if (refused > 0) note(attempt, [describeRefused(refused, count)]);
    // A picture is found by its prompt.
    return { type: "completed", artifacts, passages: cutPassages(attempt.task.jobId, { prompt }) };
  }

  async function reuse(attempt: Attempt, index: number): Promise<StoredArtifact | null> {
    const drawn = await results.reuse(attempt, pictureName(index));
    return drawn === null ? null : artifactOf(drawn);
  }

  async function drawUnlessRefused(
    prompt: string,
    options: ImageOptions,
    index: number,
    attempt: Attempt,
  ): Promise<StoredArtifact | null> {
    try {
      return await drawOne(prompt, options, index, attempt);
    } catch (error) {
      if (isFlagged(error)) return null;
      throw error;
    }
  }

  async function drawOne(
    prompt: string,
    options: ImageOptions,
    index: number,
    attempt: Attempt,
  ): Promise<StoredArtifact> {
    const runner = models(attempt);
    const own = optionsOfPicture(options, index);
    const before = attempt.calls.length;
    const image = await generateImage(runner, prompt, own).catch((error: unknown) => {
      if (!isFlagged(error) || options.retryIfFlagged !== true) throw error;
      return generateImage(runner, prompt, own);
    });
    return results.store(attempt, {
      name: `${pictureName(index)}${image.extension}`,
      contentType: image.contentType,
      body: image.bytes,
      paid: attempt.calls.slice(before),
    });
  }
}

function isFlagged(error: unknown): boolean {
  return error instanceof ModelError && error.code === "refused_by_model";
}
