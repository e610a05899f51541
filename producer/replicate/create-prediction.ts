import type { Context } from "hono";
import * as z from "zod";

import { insertPrediction } from "../../shared/db/webhooks/predictions.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { MAX_ADDRESS_CHARS } from "../../shared/limits.ts";
import { modelNamed } from "../../shared/replicate/models.ts";
import { type Prediction, WEBHOOK_EVENTS } from "../../shared/replicate/prediction.ts";
import { fileKey } from "../../shared/uploads/storage.ts";
import { secretOfKey } from "../../shared/db/webhooks/webhooks.ts";
import { AnyObject, boundedText } from "../../shared/input/bounded-text.ts";
import { refuseAddress } from "../../shared/webhooks/address.ts";
import type { App } from "../http/app.ts";
import { submitterOf } from "../http/auth.ts";
import { problem, type Problem } from "../http/problem.ts";
import { JobRequest } from "../jobs/requests.ts";
import { insufficientScope } from "../http/scopes.ts";
import { NotStored } from "../uploads/allowance.ts";
import { storeFile } from "../uploads/store-file.ts";
import { submitJob } from "../jobs/submit-job.ts";
import { parse, parseBody } from "../http/validate.ts";
import { waitForJob } from "../jobs/wait-for-job.ts";
import { KeyEnded } from "../http/guard-body.ts";
import { fetchMedia } from "./fetch-media.ts";
import { fileAddress, fileIdIn, findFile } from "./files.ts";
import { FIELD_OF, inputOf } from "./inputs.ts";
import { renderPrediction } from "../../shared/replicate/prediction-view.ts";

/** The longest wait, which is the same at Replicate. */
const MAX_WAIT_SECONDS = 60;

/** `owner/name`, to which some clients add more. */
const Reference = boundedText({ max: 300 });

/** The body of `POST /predictions`. */
export const PredictionRequest = z.strictObject({
  version: Reference.optional(),
  model: Reference.optional(),
  input: AnyObject,
  webhook: boundedText({ max: MAX_ADDRESS_CHARS }).nullish(),
  webhook_events_filter: z
    .array(z.enum(WEBHOOK_EVENTS))
    .refine(
      (events) => events.includes("output") || events.includes("completed"),
      "include 'output' or 'completed'; no other events are sent",
    )
    .nullish(),
  // Older clients ask for a stream; here each prediction has one.
  stream: z.boolean().nullish(),
});

/** Create a prediction. If the client prefers to wait, the answer comes when it has ended. `path` is the model in the path, if any. */
export async function createPrediction(c: Context<App>, path?: string): Promise<Response> {
  const request = await parseBody(c, PredictionRequest);
  if (!request.ok) return request.response;
  const { webhook, webhook_events_filter: filter } = request.value;
  // A null is what Python's None becomes: the field's default.
  const input = Object.fromEntries(Object.entries(request.value.input).filter(([, value]) => value !== null));
  const allowInsecure = c.env.ALLOW_INSECURE_WEBHOOKS === "true";
  // Sending events requires the scope `webhooks`, however the address is given.
  if (webhook != null && !c.get("key").scopes.includes("webhooks")) {
    return problem(c, insufficientScope(c.get("key"), "A prediction's webhook", ["webhooks"]));
  }
  const refusal = webhook == null ? null : refuseAddress(webhook, { allowInsecure });
  if (refusal !== null) return invalid(c, [["webhook", refusal]]);
  const reference = path ?? request.value.version ?? request.value.model ?? "";
  const model = modelNamed(reference);
  if (model === null) {
    const detail = `There is no model '${reference}' here. GET /replicate/v1/models lists the models.`;
    return problem(c, { code: "model_not_found", detail });
  }
  const asked = parse(c, z.object({ input: inputOf(model) }), { input });
  if (!asked.ok) return asked.response;
  const { request: work, media } = asked.value.input;
  // The input is checked before anything is fetched or stored, so the key of the file is not known yet.
  const checked = JobRequest.safeParse({ ...work, ...(media && { source: "files/" }) });
  if (!checked.success)
    return invalid(
      c,
      checked.error.issues.map(({ path: at, message }) => [fieldOf(at), message]),
    );

  const deps = intakeOf(c.env);
  const { origin } = new URL(c.req.url);
  const ownerId = c.get("ownerId");
  let file: BroughtFile | null = null;
  if (media !== undefined) {
    const brought = await bring(c, media.address);
    if (!brought.ok) {
      return "reason" in brought ? invalid(c, [[`input.${media.field}`, brought.reason]]) : problem(c, brought.problem);
    }
    file = brought.file;
  }
  const source = file === null ? {} : { source: fileKey(file.id) };
  const now = Date.now();
  const asPrediction = (jobId: string): Prediction => ({
    jobId,
    ownerId,
    model,
    // A data: URI would be megabytes in a row.
    input:
      media === undefined || file === null ? input : { ...input, [media.field]: shown(media.address, file.id, origin) },
    webhook: webhook ?? null,
    keyId: c.get("keyId"),
    events: filter ?? [...WEBHOOK_EVENTS],
    origin,
  });
  // The secret is made before there is a delivery to sign.
  if (webhook != null) await secretOfKey(deps.db, { id: c.get("keyId"), ownerId });
  const submitted = await submitJob(JobRequest.parse({ ...checked.data, ...source }), submitterOf(c), deps, (jobId) => [
    insertPrediction(deps.db, asPrediction(jobId), now),
  ]);
  if (!submitted.ok) {
    await file?.forget();
    if (submitted.problem.code !== "unsupported_media" || media === undefined) return problem(c, submitted.problem);
    return invalid(c, [[`input.${media.field}`, submitted.problem.detail]]);
  }

  const { id } = submitted.job;
  const waitMs = waitMsOf(c.req.header("prefer"));
  const detail = await waitForJob(deps, { id, ownerId }, waitMs);
  if (detail === null) throw new Error(`job '${id}' was pruned while its client waited`);
  const render = { db: deps.db, media: deps.media, origin, now: Date.now() };
  const view = await renderPrediction(asPrediction(id), detail, render);
  const hasEnded = detail.job.finalizedAt !== null;
  // The SDK's `run` treats every status except `starting` as an end.
  return c.json(hasEnded ? view : { ...view, status: "starting" }, waitMs > 0 && !hasEnded ? 202 : 201);
}

interface BroughtFile {
  readonly id: string;
  /** Delete the file, if it was stored for this prediction. */
  forget(): Promise<void>;
}

type Brought =
  | { readonly ok: true; readonly file: BroughtFile }
  | { readonly ok: false; readonly reason: string }
  | { readonly ok: false; readonly problem: Problem };

/** The file for an address: one that the owner has uploaded, or else the fetched file, which is stored within the key's limits. */
async function bring(c: Context<App>, address: string): Promise<Brought> {
  const media = c.env.MEDIA;
  const ownerId = c.get("ownerId");
  const known = fileIdIn(address, new URL(c.req.url).origin);
  if (known !== null) {
    const object = await findFile(media, { id: known, ownerId });
    return object === null
      ? { ok: false, reason: `there is no file '${known}'` }
      : { ok: true, file: { id: known, forget: async () => undefined } };
  }
  const fetched = await fetchMedia(address, fetch);
  if (!fetched.ok) return fetched;
  try {
    const stored = await storeFile(fetched.incoming, submitterOf(c), intakeOf(c.env));
    if (!stored.ok) return stored;
    let mayStillAct = false;
    try {
      mayStillAct = await c.get("mayStillAct")();
    } finally {
      // The file is deleted even if the key could not be read. Otherwise it would stay until its retention ends.
      if (!mayStillAct) await stored.file.forget();
    }
    if (mayStillAct) return stored;
    return { ok: false, problem: { code: "unauthorized", detail: new KeyEnded().message } };
  } catch (error) {
    if (!(error instanceof NotStored)) throw error;
    return { ok: false, reason: "the host closed the connection in the middle of the file" };
  }
}

function shown(address: string, fileId: string, origin: string): string {
  return address.startsWith("data:") ? fileAddress(fileId, origin) : address;
}

function fieldOf(path: readonly PropertyKey[]): string {
  const names = path.map(String).filter((name) => name !== "options");
  return ["input", ...names.map((name) => FIELD_OF[name] ?? name)].join(".");
}

function invalid(c: Context<App>, fields: readonly (readonly [path: string, message: string])[]): Response {
  const issues = fields.map(([path, message]) => ({ path, message }));
  const detail = issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
  return problem(c, { code: "invalid_request", detail, issues });
}

/** The wait in milliseconds that `Prefer: wait` or `wait=<seconds>` asks for; 0 without one. */
function waitMsOf(prefer: string | undefined): number {
  const [found, seconds] = /(?:^|[,;]) *wait(?:=(\d+))?(?=$|[ ,;])/.exec(prefer ?? "") ?? [];
  if (found === undefined) return 0;
  return Math.min(Number(seconds ?? MAX_WAIT_SECONDS), MAX_WAIT_SECONDS) * 1000;
}
