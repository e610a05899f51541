// The meter's own figures: its estimates of jobs, and its costs of calls by their answers.
import { memorySource } from "../../shared/audio/reading/byte-source.ts";
import { callLimits } from "../../shared/audio/chunks/limits.ts";
import { extentOf } from "../../shared/audio/extent.ts";
import { writeWav } from "../../shared/audio/wav/write-wav.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import type { ModelCall } from "../../shared/models/model-call.ts";
import { modelRunner } from "../../shared/models/run-model.ts";
import { createConnections } from "../../shared/connections.ts";
import { estimatedNeurons } from "../../shared/cost/estimate.ts";
import type { ModelId, Tier, Units } from "../../shared/models/models.ts";
import { estimateWork } from "../../shared/cost/estimate-work.ts";
import { JobWork } from "../../shared/kinds/index.ts";

export type Model = ModelId;

/** The estimated cost of a job. */
export async function work(described: unknown): Promise<number> {
  const estimate = estimateWork(JobWork.parse(described), null);
  if (estimate === null) throw new Error("no estimate");
  return estimatedNeurons(estimate);
}

/** The lowest sample rate that is planned (MIN_SAMPLE_RATE). A low one keeps an hour small. */
const RATE = 4000;

/** The estimated cost of a recording without a quiet place: a WAV of one value. */
export async function recording(seconds: number, tier: Tier): Promise<number> {
  const bytes = writeWav([new Float32Array(seconds * RATE).fill(0.5)], RATE);
  const source = { key: "a.wav", etag: "", sizeBytes: bytes.length };
  const plan = await planAudio(memorySource(bytes), callLimits(tier));
  const described = JobWork.parse({ kind: "transcription", input: { source, options: { tier } } });
  const estimate = estimateWork(described, extentOf(plan));
  if (estimate === null) throw new Error("no estimate");
  return estimatedNeurons(estimate);
}

/** The cost that the meter takes from a call's answer. A status of null means no answer. */
export async function said(
  model: Model,
  {
    expected,
    body = {},
    headers = {},
    status = 200,
  }: { expected: Units; body?: unknown; headers?: Record<string, string>; status?: number | null },
): Promise<number> {
  const calls: ModelCall[] = [];
  const binding = {
    async run(): Promise<Response> {
      if (status === null) throw new Error("Network connection lost");
      return Response.json(body, { status, headers });
    },
  };
  const runner = modelRunner(
    { binding, gateway: undefined, connections: createConnections() },
    calls,
    new AbortController().signal,
  );
  await runner.run(model, {}, expected).catch(() => null);
  const [call] = calls;
  if (call === undefined) throw new Error("no call was noted");
  return call.neurons;
}
