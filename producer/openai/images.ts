import { Hono } from "hono";

import { intakeOf } from "../../shared/jobs/intake.ts";
import type { JobDetail } from "../../shared/jobs/job-detail.ts";
import { imageGeneration } from "../../shared/kinds/image-generation/kind.ts";
import { signingKey } from "../../shared/keys/signing-keys.ts";
import { artifactUrl } from "../../shared/uploads/signed-url.ts";
import type { App } from "../http/app.ts";
import { submitterOf } from "../http/auth.ts";
import { describe } from "../http/describe.ts";
import { expectJson } from "../http/expect-body.ts";
import { limitBody } from "../http/limit-body.ts";
import { problem } from "../http/problem.ts";
import { parse } from "../http/validate.ts";
import { JobRequest } from "../jobs/requests.ts";
import { submitJobs } from "../jobs/submit-job.ts";
import { awaitJobs } from "./await-jobs.ts";
import { DESCRIPTIONS } from "./descriptions.ts";
import { readImageRequest } from "./image-request.ts";
import { takesSize } from "./image-size.ts";

export const images = new Hono<App>();

images.post(
  "/generations",
  describe(DESCRIPTIONS.createImage),
  expectJson(() => ({ prompt: "a harbour" })),
  limitBody,
  async (c) => {
    const request = await readImageRequest(c);
    if (!request.ok) return request.response;
    const { prompt, model, count, size, isUrl } = request.value;
    const options = { model, ...(takesSize(model) && size) };
    // The same prompt asks for a new picture each time.
    const job = parse(c, JobRequest, { kind: imageGeneration.kind, prompt, options, reuse: false });
    if (!job.ok) return job.response;

    const deps = intakeOf(c.env);
    const asked = Array.from({ length: count }, () => job.value);
    const submitted = await submitJobs(asked, submitterOf(c), deps);
    const ids = submitted.flatMap((one) => (one.ok ? one.job.id : []));
    const refused = submitted.find((one) => !one.ok);
    // The jobs that were accepted will be paid for, so that the client must be able to find them, and must not repeat the request.
    if (ids.length > 0) c.set("hasPaid", true);
    if (refused !== undefined) {
      return problem(c, refused.problem, ids.length === 0 ? {} : { "x-darkroom-job": ids.join(", ") });
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
    const [, format] = waited.jobs.map((detail) => pictureOf(detail).contentType.split("/"))[0] ?? [];
    const drawn = { size: `${size.width}x${size.height}`, output_format: format, background: "opaque" };
    return c.json({ created: Math.floor(now / 1000), data, ...drawn }, 200, waited.headers);
  },
);

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
