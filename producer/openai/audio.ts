import { type Context, Hono } from "hono";
import * as z from "zod";

import { intakeOf } from "../../shared/jobs/intake.ts";
import { InitialPrompt } from "../../shared/kinds/transcription/options.ts";
import { boundedText } from "../../shared/input/bounded-text.ts";
import type { App } from "../http/app.ts";
import { submitterOf } from "../http/auth.ts";
import { problem } from "../http/problem.ts";
import { readForm, textFields } from "../http/read-form.ts";
import { readTranscript } from "../transcripts/read-transcript.ts";
import { JobRequest } from "../jobs/requests.ts";
import { storeFile } from "../uploads/store-file.ts";
import { submitJob } from "../jobs/submit-job.ts";
import { parse } from "../http/validate.ts";
import { awaitJobs } from "./await-jobs.ts";
import { openAiError } from "./errors.ts";
import { ModelName, speechTierOf } from "./model-names.ts";
import { modelOf } from "./models.ts";
import { RESPONSE_FORMATS, transcriptBody } from "./transcript-body.ts";
import { transcription } from "../../shared/kinds/transcription/kind.ts";

export const audio = new Hono<App>();

const common = {
  model: ModelName,
  prompt: InitialPrompt.optional(),
  response_format: z.enum(RESPONSE_FORMATS).default("json"),
  temperature: boundedText({ max: 20 })
    .refine(
      (given) => given !== "" && Number(given) === 0,
      "only 0 is supported: the models do not accept a temperature",
    )
    .optional(),
};

const Translation = z.strictObject(common);

export const Transcription = z
  .strictObject({
    ...common,
    // Checked with the job's options; empty is as good as left out.
    language: boundedText({ max: 35 }).optional(),
    stream: z.literal("false", "streaming is not supported").optional(),
    chunking_strategy: z
      .literal("auto", "only 'auto' is supported: recordings are always cut in quiet places")
      .optional(),
    timestamp_granularities: z.array(z.enum(["word", "segment"])).optional(),
  })
  .refine(
    ({ response_format, timestamp_granularities }) =>
      timestamp_granularities === undefined || response_format === "verbose_json",
    {
      path: ["timestamp_granularities"],
      message: "requires response_format 'verbose_json'",
    },
  );

audio.post("/transcriptions", (c) => transcribeFile(c, "transcribe", Transcription));
audio.post("/translations", (c) => transcribeFile(c, "translate", Translation));

/** Store the file, submit its job, wait for it, and answer with the transcript. */
async function transcribeFile(
  c: Context<App>,
  task: "transcribe" | "translate",
  schema: typeof Transcription | typeof Translation,
): Promise<Response> {
  const read = await readForm(c);
  if (!read.ok) return problem(c, read.problem);
  const file = read.form.files.get("file");
  const fields = parse<z.infer<typeof Transcription> | z.infer<typeof Translation>>(c, schema, textFields(read.form));
  if (!fields.ok) return fields.response;
  const { model, prompt, response_format: format, ...rest } = fields.value;
  const named = modelOf(c, { name: model, task: "speech" });
  if (!named.ok) return named.response;
  const tier = speechTierOf(named.model);
  if (file === undefined) {
    const message = "Missing or empty 'file': send the recording as a file of the form.";
    return openAiError(c, {
      status: 400,
      message,
      type: "invalid_request_error",
      param: "file",
      code: "missing_required_parameter",
    });
  }

  const options = {
    tier,
    // Some tiers have no option `task`: they always transcribe.
    ...(task === "translate" && { task }),
    ...(prompt !== undefined && prompt !== "" && { initialPrompt: prompt }),
    ...("language" in rest && rest.language !== undefined && rest.language !== "" && { language: rest.language }),
  };
  // The options are checked before anything is stored, so the key of the file is not known yet.
  const checked = parse(c, JobRequest, { kind: transcription.kind, source: "files/", options });
  if (!checked.ok) return checked.response;

  const deps = intakeOf(c.env);
  const by = submitterOf(c);
  const incoming = { body: file.bytes, sizeBytes: file.bytes.length, contentType: file.contentType };
  const stored = await storeFile(incoming, by, deps);
  if (!stored.ok) return problem(c, stored.problem);
  const submitted = await submitJob(JobRequest.parse({ ...checked.value, source: stored.file.key }), by, deps);
  if (!submitted.ok) {
    await stored.file.forget();
    return problem(c, submitted.problem);
  }

  const waited = await awaitJobs(c, [submitted.job.id], "file");
  if (!waited.ok) return waited.response;
  const [job] = waited.jobs;
  if (job === undefined) throw new Error("no job was waited for");
  const granularities = ("timestamp_granularities" in rest ? rest.timestamp_granularities : undefined) ?? ["segment"];
  const { body, contentType } = transcriptBody(await readTranscript(job, deps), { task, format, granularities });
  return c.body(body, 200, { ...waited.headers, "content-type": contentType });
}
