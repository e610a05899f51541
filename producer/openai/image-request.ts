// The body of a request for pictures, with every parameter that the SDK's types have.
import type { Context } from "hono";
import * as z from "zod";

import { AnyJson, boundedText } from "../../shared/input/bounded-text.ts";
import { Prompt } from "../../shared/kinds/image-generation/options.ts";
import type { ImageModelName } from "../../shared/models/models.ts";
import type { App } from "../http/app.ts";
import { type Parsed, parseBody } from "../http/validate.ts";
import { ignoreGiven, refuseUnmet } from "./ignored.ts";
import { type ImageSize, nearestSize } from "./image-size.ts";
import { imageNameOf, ModelName } from "./model-names.ts";
import { modelOf } from "./resolve-model.ts";

/** OpenAI's limit. Each image is a job of its own. */
const MAX_IMAGES = 10;

/** `user` and `safety_identifier` are ids of the client's own. Darkroom does not use them. */
const MAX_USER_CHARS = 1000;

/** Up to five digits a side. */
const MAX_SIZE_CHARS = 11;

/** What all models here draw. */
const FORMAT = "jpeg";

// `nullish`: the SDK's types allow null for "the default".
export const ImageRequest = z.strictObject({
  prompt: Prompt,
  model: ModelName.nullish(),
  n: z.int().min(1).max(MAX_IMAGES).nullish(),
  size: boundedText({
    max: MAX_SIZE_CHARS,
    pattern: [/^(auto|[1-9][0-9]{1,4}x[1-9][0-9]{1,4})$/, "expected WIDTHxHEIGHT in pixels, or 'auto'"],
  }).nullish(),
  response_format: z.enum(["url", "b64_json"]).nullish(),
  quality: z.enum(["auto", "standard", "hd", "low", "medium", "high", "xhigh", "max"]).nullish(),
  style: z.enum(["vivid", "natural"]).nullish(),
  background: z.enum(["auto", "opaque", "transparent"]).nullish(),
  moderation: z.enum(["auto", "low"]).nullish(),
  output_format: z.enum(["png", "webp", "jpeg", "gif", "svg"]).nullish(),
  output_compression: z.int().min(0).max(100).nullish(),
  stream: z.boolean().nullish(),
  partial_images: z.int().min(0).max(3).nullish(),
  complexity: z.enum(["low", "medium", "high"]).nullish(),
  frame_count: z.int().nullish(),
  frame_duration_ms: z.int().nullish(),
  svg: AnyJson.optional(),
  safety_identifier: boundedText({ max: MAX_USER_CHARS }).nullish(),
  user: boundedText({ max: MAX_USER_CHARS }).nullish(),
});

/** The pictures that a client wants. */
export interface WantedImages {
  readonly prompt: string;
  readonly model: ImageModelName;
  readonly count: number;
  /** What the model draws, which may not be what was asked for. */
  readonly size: ImageSize;
  readonly isUrl: boolean;
}

/** OpenAI's models that answer with base64 alone: "Unsupported for GPT image models, which always return base64-encoded images". */
const BASE64_ALONE = /^(?:gpt|chatgpt)-image-/;

/** Read the body, name the parameters that change nothing, and refuse those that cannot be met. */
export async function readImageRequest(c: Context<App>): Promise<Parsed<WantedImages>> {
  const request = await parseBody(c, ImageRequest);
  if (!request.ok) return request;
  const { prompt, n, size, response_format, background, output_format, quality, moderation, stream, ...rest } =
    request.value;
  const { model: name, ...ignored } = rest;
  const asked = { name: name ?? "dall-e-2", task: "image" } as const;
  const named = modelOf(c, asked);
  if (!named.ok) return named;
  const isBase64 = BASE64_ALONE.test(asked.name);

  ignoreGiven(c, {
    ...ignored,
    quality: quality === "auto" ? undefined : quality,
    moderation: moderation === "auto" ? undefined : moderation,
    response_format: isBase64 && response_format === "url" ? response_format : undefined,
  });
  const refused = refuseUnmet(c, request.value, {
    background: background === "transparent" ? "the models here cannot draw transparent pictures. Use 'opaque'." : null,
    output_format:
      output_format === FORMAT ? null : `the models here draw '${FORMAT}'. Use that, and convert the picture yourself.`,
    stream: stream === true ? "pictures are not streamed. Leave it out." : null,
  });
  if (refused !== null) return { ok: false, response: refused };

  const model = imageNameOf(named.model);
  const [width, height] = size === undefined || size === null || size === "auto" ? [] : size.split("x").map(Number);
  const askedSize = width === undefined || height === undefined ? null : { width, height };
  const isUrl = !isBase64 && response_format !== "b64_json";
  return { ok: true, value: { prompt, model, count: n ?? 1, size: nearestSize(model, askedSize), isUrl } };
}
