import type { Context } from "hono";

import { readWholeJob } from "../../shared/archive/whole.ts";
import { readHasEnded } from "../../shared/db/jobs/watch-job.ts";
import { findPrediction } from "../../shared/db/webhooks/predictions.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { type PredictionView, renderPrediction } from "../../shared/replicate/prediction-view.ts";
import type { App } from "../http/app.ts";
import { problem } from "../http/problem.ts";
import { MAX_STREAM_MS, streamInPlace } from "../jobs/stream-in-place.ts";
import { SpeechOutput } from "./schema.ts";

/** The wait between two reads: the first one, and the longest. */
const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 1000;

interface StreamEvent {
  readonly event: "logs" | "output" | "error" | "done";
  readonly data: string;
}

/**
 * Stream a prediction as Replicate does: when it has ended, an event `logs`, its output, and `done`. The models here give their
 * results whole.
 */
export async function streamPrediction(c: Context<App, "/predictions/:id/stream">): Promise<Response> {
  const { db, media } = intakeOf(c.env);
  const job = { id: c.req.param("id"), ownerId: c.get("ownerId") };
  const prediction = await findPrediction(db, job.id);
  const missing = { code: "prediction_not_found", detail: `There is no prediction '${job.id}'.` } as const;
  if (prediction?.ownerId !== job.ownerId) return problem(c, missing);

  const { origin } = new URL(c.req.url);
  return streamInPlace(c, job.id, async (stream, isOver) => {
    const endAt = Date.now() + MAX_STREAM_MS;
    // Python's client drops events without an id.
    let sent = 0;
    const send = async (events: readonly StreamEvent[]) => {
      for (const event of events) await stream.writeSSE({ ...event, id: `${job.id}:${(sent += 1)}` });
    };
    for (let waitMs = FIRST_WAIT_MS; (await readHasEnded(db, job)) === false; waitMs *= 1.5) {
      if (Date.now() > endAt) return send([{ event: "error", data: TOO_LONG }]);
      await stream.sleep(Math.min(waitMs, MAX_WAIT_MS));
      // Sending is how a client that has gone is noticed, and it keeps proxies from closing an idle connection.
      await stream.write(": heartbeat\n\n");
      if (isOver()) return undefined;
    }
    const detail = await readWholeJob({ db, media }, job);
    if (detail === null) return send([{ event: "error", data: missing.detail }]);
    return send(eventsOf(await renderPrediction(prediction, detail, { db, media, origin, now: Date.now() })));
  });
}

const TOO_LONG = `The prediction has not ended after ${MAX_STREAM_MS / 60_000} minutes. It continues: get it again later.`;

/** Return the events of a prediction that has ended. */
export function eventsOf({ status, logs, output, error }: PredictionView): readonly StreamEvent[] {
  const told: readonly StreamEvent[] = logs === "" ? [] : [{ event: "logs", data: logs.trimEnd() }];
  if (status === "succeeded") {
    const outputs = textsOf(output).map((data): StreamEvent => ({ event: "output", data }));
    return [...told, ...outputs, { event: "done", data: "{}" }];
  }
  if (status === "canceled") return [...told, { event: "done", data: JSON.stringify({ reason: "canceled" }) }];
  return [
    ...told,
    { event: "error", data: error ?? "failed" },
    { event: "done", data: JSON.stringify({ reason: "error" }) },
  ];
}

/** The output as text: the address of each picture, what was said, and any other result as JSON. */
function textsOf(output: unknown): readonly string[] {
  if (Array.isArray(output) && output.every((one) => typeof one === "string")) return output;
  const speech = SpeechOutput.safeParse(output);
  if (speech.success) return [speech.data.translation ?? speech.data.transcription];
  return [JSON.stringify(output)];
}
