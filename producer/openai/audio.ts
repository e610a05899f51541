import { type Context, Hono } from "hono";

import { intakeOf } from "../../shared/jobs/intake.ts";
import { transcription } from "../../shared/kinds/transcription/kind.ts";
import type { App } from "../http/app.ts";
import { submitterOf } from "../http/auth.ts";
import { describe } from "../http/describe.ts";
import { curl, expectForm } from "../http/expect-body.ts";
import { problem } from "../http/problem.ts";
import type { FormFile } from "../http/parse-form.ts";
import { readForm } from "../http/read-form.ts";
import { parse } from "../http/validate.ts";
import { TOO_MANY_STREAMS } from "../jobs/stream-in-place.ts";
import { JobRequest } from "../jobs/requests.ts";
import { takePlace } from "../jobs/stream-place.ts";
import { submitJob } from "../jobs/submit-job.ts";
import { readTranscript } from "../transcripts/read-transcript.ts";
import { storeFile } from "../uploads/store-file.ts";
import { awaitJobs } from "./await-jobs.ts";
import { DESCRIPTIONS } from "./descriptions.ts";
import { openAiError } from "./errors.ts";
import { streamTranscript } from "./stream-transcript.ts";
import { transcriptBody, type Wanted } from "./transcript-body.ts";
import { readTranscription, type WantedTranscript } from "./transcription-fields.ts";

export const audio = new Hono<App>();

/** What curl sends a recording with. */
const SEND_FILE = "-F model=whisper-1 -F file=@recording.mp3";

audio.use("*", expectForm(SEND_FILE));
audio.post("/transcriptions", describe(DESCRIPTIONS.createTranscription), (c) => transcribeFile(c, "transcribe"));
audio.post("/translations", describe(DESCRIPTIONS.createTranslation), (c) => transcribeFile(c, "translate"));

/** Store the file, submit its job, and answer with the transcript: when the job has ended, or as it grows. */
async function transcribeFile(c: Context<App>, task: Wanted["task"]): Promise<Response> {
  const read = await readForm(c);
  if (!read.ok) return problem(c, read.problem);
  const wanted = readTranscription(c, task, read.form);
  if (!wanted.ok) return wanted.response;
  const file = read.form.files.get("file");
  if (file === undefined) {
    const message = `Missing or empty 'file': send the recording as a file of the form: ${curl(c, SEND_FILE)}`;
    return openAiError(c, {
      status: 400,
      message,
      type: "invalid_request_error",
      param: "file",
      code: "missing_required_parameter",
    });
  }
  if (!wanted.value.isStream) return answerWhole(c, wanted.value, file);

  const deps = intakeOf(c.env);
  // The place is taken before the job is submitted, so that a refused stream costs nothing.
  const place = await takePlace(c.get("key"), deps);
  if (place === null) return problem(c, TOO_MANY_STREAMS);
  const submitted = await submitFile(c, wanted.value, file).catch(async (error: unknown) => {
    await place.giveBack();
    throw error;
  });
  if (submitted.ok) return streamTranscript(c, { id: submitted.jobId }, place, deps);
  await place.giveBack();
  return submitted.response;
}

async function answerWhole(c: Context<App>, wanted: WantedTranscript, file: FormFile): Promise<Response> {
  const submitted = await submitFile(c, wanted, file);
  if (!submitted.ok) return submitted.response;
  const waited = await awaitJobs(c, [submitted.jobId], "file");
  if (!waited.ok) return waited.response;
  const [job] = waited.jobs;
  if (job === undefined) throw new Error("no job was waited for");
  const { body, contentType } = transcriptBody(await readTranscript(job, intakeOf(c.env)), wanted);
  return c.body(body, 200, { ...waited.headers, "content-type": contentType });
}

type SubmittedFile =
  | { readonly ok: true; readonly jobId: string }
  | { readonly ok: false; readonly response: Response };

async function submitFile(c: Context<App>, wanted: WantedTranscript, file: FormFile): Promise<SubmittedFile> {
  const { task, tier, prompt, language } = wanted;
  const options = {
    tier,
    // Some tiers have no option `task`: they always transcribe.
    ...(task === "translate" && { task }),
    ...(prompt !== undefined && { initialPrompt: prompt }),
    ...(language !== undefined && { language }),
  };
  // The options are checked before anything is stored, so the key of the file is not known yet.
  const checked = parse(c, JobRequest, { kind: transcription.kind, source: "files/", options });
  if (!checked.ok) return checked;

  const deps = intakeOf(c.env);
  const by = submitterOf(c);
  const incoming = { body: file.bytes, sizeBytes: file.bytes.length, contentType: file.contentType };
  const stored = await storeFile(incoming, by, deps);
  if (!stored.ok) return { ok: false, response: problem(c, stored.problem) };
  const submitted = await submitJob(JobRequest.parse({ ...checked.value, source: stored.file.key }), by, deps);
  if (submitted.ok) return { ok: true, jobId: submitted.job.id };
  await stored.file.forget();
  return { ok: false, response: problem(c, submitted.problem) };
}
