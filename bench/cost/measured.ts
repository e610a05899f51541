// The meter's own figures: of work before it runs, and of calls by what came back.
import { extentOf } from "../../shared/audio/extent.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import type { ModelCall } from "../../shared/ai/model-call.ts";
import { modelRunner } from "../../shared/ai/run-model.ts";
import { estimatedNeurons, estimateWork } from "../../shared/estimate.ts";
import type { ModelId, Tier, Units } from "../../shared/models.ts";
import { JobWork } from "../../shared/new-job.ts";

export type Model = ModelId;

/** What is expected of a job. */
export async function work(described: unknown): Promise<number> {
  const estimate = estimateWork(JobWork.parse(described), null);
  if (estimate === null) throw new Error("no estimate");
  return estimatedNeurons(estimate);
}

const RATE = 8000;

/** What is expected of a recording that is nowhere quiet, as its headers are read: a WAV of one value. */
export async function recording(seconds: number, tier: Tier): Promise<number> {
  const source = { key: "a.wav", etag: "", sizeBytes: 44 + seconds * RATE * 2 };
  const header = new DataView(new ArrayBuffer(44));
  for (const [at, name] of [
    [0, "RIFF"],
    [8, "WAVE"],
    [12, "fmt "],
    [36, "data"],
  ] as const) {
    for (const [index, character] of [...name].entries()) header.setUint8(at + index, character.charCodeAt(0));
  }
  header.setUint32(4, source.sizeBytes - 8, true);
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, RATE, true);
  header.setUint32(28, RATE * 2, true);
  header.setUint16(32, 2, true);
  header.setUint16(34, 16, true);
  header.setUint32(40, source.sizeBytes - 44, true);
  const plan = await planAudio({
    sizeBytes: source.sizeBytes,
    async read(offset, length) {
      const bytes = new Uint8Array(length).fill(0x20);
      if (offset < 44) bytes.set(new Uint8Array(header.buffer).subarray(offset, Math.min(44, offset + length)));
      return bytes;
    },
  });
  const described = JobWork.parse({ kind: "transcription", input: { source, options: { tier } } });
  const estimate = estimateWork(described, extentOf(plan));
  if (estimate === null) throw new Error("no estimate");
  return estimatedNeurons(estimate);
}

/** What a call is taken to have cost by its answer; a status of null is none. */
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
  const runner = modelRunner({ binding, gateway: undefined }, calls, new AbortController().signal);
  await runner.run(model, {}, expected).catch(() => null);
  const [call] = calls;
  if (call === undefined) throw new Error("no call was noted");
  return call.neurons;
}
