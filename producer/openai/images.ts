import { Hono } from "hono";
import * as z from "zod";

import { intakeOf } from "../../shared/jobs/intake.ts";
import type { JobDetail } from "../../shared/jobs/job-detail.ts";
import { IMAGE_MODELS } from "../../shared/models/models.ts";
import { Prompt } from "../../shared/kinds/image-generation/options.ts";
import { artifactUrl } from "../../shared/uploads/signed-url.ts";
import { boundedText } from "../../shared/input/bounded-text.ts";
import { signingKey } from "../../shared/keys/signing-keys.ts";
import type { App } from "../http/app.ts";
import { limitBody } from "../http/limit-body.ts";
import { submitterOf } from "../http/auth.ts";
import { problem } from "../http/problem.ts";
import { JobRequest } from "../jobs/requests.ts";
import { submitJob } from "../jobs/submit-job.ts";
import { parse, parseBody } from "../http/validate.ts";
import { awaitJobs } from "./await-jobs.ts";
import { imageNameOf, ModelName } from "./model-names.ts";
import { modelOf } from "./models.ts";
import { imageGeneration } from "../../shared/kinds/image-generation/kind.ts";

export const images = new Hono<App>();

/** Each image is a job of its own. */
const MAX_IMAGES = 4;

/** `user` is an id of the client's own. Darkroom does not use it. */
const MAX_USER_CHARS = 1000;

/** The size that models without a choice of size draw. */
const FIXED_SIZE = "1024x1024";

// `nullish`: the SDK's types allow null for "the default".
export const ImageRequest = z.strictObject({
  prompt: Prompt,
  model: ModelName.nullish(),
  n: z.int().min(1).max(MAX_IMAGES).nullish(),
  size: boundedText({
    max: 9,
    pattern: [/^(auto|\d{3,4}x\d{3,4})$/, "expected WIDTHxHEIGHT in pixels, or 'auto'"],
  }).nullish(),
  response_format: z.enum(["url", "b64_json"]).nullish(),
  quality: z
    .enum(["standard", "auto"], "only 'standard' and 'auto' are supported: the models have no other quality")
    .nullish(),
  background: z.literal("auto", "only 'auto' is supported").nullish(),
  stream: z.literal(false, "streaming is not supported").nullish(),
  user: boundedText({ max: MAX_USER_CHARS }).optional(),
});

images.post("/generations", limitBody, async (c) => {
  const request = await parseBody(c, ImageRequest);
  if (!request.ok) return request.response;
  const { prompt, model, n, size, response_format: format } = request.value;
  const named = modelOf(c, { name: model ?? "dall-e-2", task: "image" });
  if (!named.ok) return named.response;
  const name = imageNameOf(named.model);
  const takesSize = IMAGE_MODELS[name].options.includes("width");
  const isFixed = size === undefined || size === null || size === "auto" || (!takesSize && size === FIXED_SIZE);
  const [width, height] = isFixed ? [] : size.split("x").map(Number);
  // The same prompt asks for a new picture each time.
  const options = { model: name, ...(width !== undefined && { width, height }) };
  const job = parse(c, JobRequest, { kind: imageGeneration.kind, prompt, options, reuse: false });
  if (!job.ok) return job.response;
  const isUrl = format !== "b64_json";

  const deps = intakeOf(c.env);
  const ids: string[] = [];
  for (let index = 0; index < (n ?? 1); index += 1) {
    const submitted = await submitJob(job.value, submitterOf(c), deps);
    if (!submitted.ok) return problem(c, submitted.problem);
    ids.push(submitted.job.id);
  }
  const waited = await awaitJobs(c, ids, "prompt");
  if (!waited.ok) return waited.response;

  const { origin } = new URL(c.req.url);
  const now = Date.now();
  const key = isUrl ? await signingKey(deps.db, now) : null;
  const data = await Promise.all(
    waited.jobs.map(async (detail) => {
      const picture = pictureOf(detail);
      if (key === null) return { b64_json: await base64Of(deps.media, picture.key) };
      return { url: await artifactUrl({ jobId: detail.job.id, name: picture.name }, { origin, key, now }) };
    }),
  );
  return c.json({ created: Math.floor(now / 1000), data }, 200, waited.headers);
});

function pictureOf({ job, artifacts }: JobDetail) {
  const picture = artifacts.find(({ name }) => name.startsWith(imageGeneration.result));
  if (picture === undefined) throw new Error(`job '${job.id}' completed without a picture`);
  return picture;
}

async function base64Of(media: R2Bucket, key: string): Promise<string> {
  const object = await media.get(key);
  if (object === null) throw new Error(`there is no object '${key}'`);
  return new Uint8Array(await object.arrayBuffer()).toBase64();
}
