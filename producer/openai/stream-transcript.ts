// A transcript as OpenAI streams it: text as it becomes final, then the whole of it.
import type { Context } from "hono";
import type { SSEMessage } from "hono/streaming";

import { readWholeJob } from "../../shared/archive/whole.ts";
import { tokensOf } from "../../shared/cost/neurons.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { separatorBetween } from "../../shared/transcripts/join-words.ts";
import type { Transcript } from "../../shared/transcripts/transcript.ts";
import { durationSeconds } from "../../shared/transcripts/whisper-shape.ts";
import type { App } from "../http/app.ts";
import { BEGINNING } from "../jobs/event-cursor.ts";
import type { JobEvent } from "../jobs/follow-job.ts";
import { MAX_STREAM_MS, streamWith } from "../jobs/stream-in-place.ts";
import { streamJob } from "../jobs/stream-job.ts";
import type { StreamPlace } from "../jobs/stream-place.ts";
import { readTranscript } from "../transcripts/read-transcript.ts";
import { unfinished } from "./await-jobs.ts";
import { errorBody, type OpenAiError } from "./errors.ts";

/** Whisper's encoder makes 1,500 tokens of 30 seconds. */
const TOKENS_A_SECOND = 50;

/** Send the text of a job's segments as they become final, in order, then the whole text. Comments keep an idle stream alive. */
export function streamTranscript(c: Context<App>, { id }: { id: string }, place: StreamPlace, deps: Intake): Response {
  const job = { id, ownerId: c.get("ownerId") };
  const { origin } = new URL(c.req.url);
  const delta = deltaWriter();
  async function messageOf(event: JobEvent): Promise<SSEMessage | null> {
    if (event.event === "segment") return delta(event.data.text);
    if (event.event !== "done") return null;
    const detail = await readWholeJob(deps, job);
    if (detail?.job.state === "completed") return doneEvent(await readTranscript(detail, deps));
    return failureEvent(unfinished(detail?.job ?? { ...GONE, id }, "file", MAX_STREAM_MS));
  }
  c.header("x-darkroom-job", id);
  return streamWith(c, { jobId: id, place }, async (stream, isOver) => {
    const send = async (event: JobEvent) => {
      const message = await messageOf(event);
      if (message !== null) await stream.writeSSE(message);
    };
    const { db, media } = deps;
    try {
      const end = await streamJob(stream, { job, cursor: BEGINNING, isOver, send, db, media, origin });
      if (end === "timed_out")
        await stream.writeSSE(failureEvent(unfinished({ ...RUNNING, id }, "file", MAX_STREAM_MS)));
      if (end === "stopped") await stream.writeSSE(failureEvent(brokenOff(id)));
    } catch (error) {
      await stream.writeSSE(failureEvent(brokenOff(id)));
      throw error;
    }
  });
}

const RUNNING = { state: "running", errorCode: null, errorMessage: null } as const;

/** The key has ended, the job was deleted, or something failed here: the job may continue, may have ended or may be gone. */
function brokenOff(id: string): OpenAiError {
  const message = `The stream of job '${id}' broke off. Read the job with GET /v1/jobs/${id}.`;
  return { status: 500, message, type: "server_error", code: "stream_broken" };
}

const GONE = { state: "failed", errorCode: null, errorMessage: "it was deleted." } as const;

/** The deltas together are the text: each begins with the separator between it and the one before. */
function deltaWriter(): (text: string) => SSEMessage | null {
  let before = "";
  return (given) => {
    const text = given.trim();
    if (text === "") return null;
    const between = before === "" ? "" : separatorBetween(before, text);
    before = text;
    return eventOf("transcript.text.delta", { delta: between + text });
  };
}

/** OpenAI's streams count tokens. These are estimates: Darkroom bills in neurons, which the job's receipt has. */
function doneEvent(transcript: Transcript): SSEMessage {
  const audio_tokens = Math.ceil(durationSeconds(transcript) * TOKENS_A_SECOND);
  const output_tokens = tokensOf(transcript.text);
  const usage = {
    type: "tokens",
    input_tokens: audio_tokens,
    input_token_details: { audio_tokens, text_tokens: 0 },
    output_tokens,
    total_tokens: audio_tokens + output_tokens,
  };
  return eventOf("transcript.text.done", { text: transcript.text, usage });
}

function eventOf(type: string, fields: object): SSEMessage {
  return { event: type, data: JSON.stringify({ type, ...fields }) };
}

function failureEvent(error: OpenAiError): SSEMessage {
  return { event: "error", data: JSON.stringify(errorBody(error)) };
}
