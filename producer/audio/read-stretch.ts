import { type ChunkPlan, DamagedSource, SilentStretch } from "../../shared/audio/chunks/chunk.ts";
import { storedChunk } from "../../shared/audio/chunks/container.ts";
import { readWhole } from "../../shared/archive/whole.ts";
import { containerNamed } from "../../shared/audio/containers.ts";
import { r2Source, SourceChanged } from "../../shared/audio/reading/byte-source.ts";
import { cutStretch, planRecording, planStretch, STRETCH_HELD_BYTES, STRETCH_MS } from "../../shared/audio/stretch.ts";
import { type PlannedRecording, readChunkPlans } from "../../shared/db/jobs/chunk-plans.ts";
import { parseOwn } from "../../shared/input/read-json.ts";
import type { Source } from "../../shared/jobs/source.ts";
import { leavesTranscript } from "../../shared/kinds/index.ts";
import { memoryLimit } from "../../shared/memory-limit.ts";
import type { Problem } from "../http/problem.ts";
import type { AudioQuery } from "./requests.ts";

/** A stretch of a recording, cut. Times are those of the recording. */
export interface ReadStretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly durationMs: number;
  /** The file that contains the stretch; null if the recording has no sound there. */
  readonly file: {
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly contentType: string;
    /** The parts without sound, which the file leaves out. */
    readonly pauses: readonly { readonly atMs: number; readonly lengthMs: number }[];
  } | null;
}

/** A stretch that has been found. Only headers have been read so far. */
export interface Located {
  readonly source: Source;
  readonly stretch: ChunkPlan;
  readonly durationMs: number;
}

/** A cut takes seconds. The memory of a request whose client has gone is free again after this time. */
const MAX_HELD_MS = 60_000;

/** The requests of an isolate share its 128 MB, so one stretch is cut at a time. */
const memory = memoryLimit(STRETCH_HELD_BYTES, Date.now, MAX_HELD_MS);

type Deps = { readonly db: D1Database; readonly media: R2Bucket };

/** Find a stretch of a job's recording, or the problem why there is none. */
export async function locateStretch(
  job: { readonly id: string; readonly ownerId: string },
  { fromMs, toMs = fromMs + STRETCH_MS }: AudioQuery,
  { db, media }: Deps,
): Promise<Located | Problem> {
  const asked = { fromMs, toMs: Math.min(toMs, fromMs + STRETCH_MS) };
  const recording = await readWhole({ db, media }, job, () => readChunkPlans(db, job, asked));
  if (recording === null) return { code: "job_not_found", detail: `There is no job '${job.id}'.` };
  const { kind, source } = recording;
  if (!leavesTranscript(kind) || source === null) {
    return { code: "artifact_not_found", detail: `Job '${job.id}' is a ${kind}; it has no recording.` };
  }
  return naming(job.id, async () => {
    const planned = await chunksOf(recording, source, media);
    if ("code" in planned) return planned;
    const { durationMs, chunks } = planned;
    if (fromMs >= durationMs) {
      const detail = `The recording lasts ${durationMs} ms. 'fromMs' is ${fromMs}; ask for an earlier time.`;
      return { code: "range_not_satisfiable", detail };
    }
    const whole = { sizeBytes: source.sizeBytes, durationMs };
    const stretch = planStretch(chunks, { fromMs, toMs: Math.min(toMs, durationMs) }, whole);
    if (stretch === null) {
      return unreadable(`the job was planned without the part at ${fromMs} ms`);
    }
    return { source, stretch, durationMs };
  });
}

/** Cut a stretch that has been found. */
export async function readStretch(
  jobId: string,
  { source, stretch, durationMs }: Located,
  { media }: Pick<Deps, "media">,
): Promise<ReadStretch | Problem> {
  const { startMs: fromMs, endMs: toMs } = stretch;
  return naming(jobId, async () => {
    try {
      const file = await memory.hold(STRETCH_HELD_BYTES, () => cutStretch(r2Source(media, source), stretch));
      const { bytes, contentType, pauses = [] } = file;
      const held = {
        fromMs: Math.max(0, Math.round(file.startMs)),
        toMs: Math.min(durationMs, Math.round(file.endMs)),
      };
      return { ...held, durationMs, file: { bytes: new Uint8Array(bytes), contentType, pauses } };
    } catch (error) {
      if (error instanceof SilentStretch) return { fromMs, toMs, durationMs, file: null };
      throw error;
    }
  });
}

async function chunksOf({ durationMs, chunks }: PlannedRecording, source: Source, media: R2Bucket) {
  if (durationMs !== null) return { durationMs, chunks: chunks.map(parsed) };
  const planned = await planRecording(r2Source(media, source));
  return "code" in planned ? unreadable(planned.message) : planned;
}

function parsed({ container, chunk }: PlannedRecording["chunks"][number]): ChunkPlan {
  return storedChunk(containerNamed(container)).parse(parseOwn(chunk));
}

/** Run work that reads a recording, and turn its errors into problems. */
async function naming<T>(jobId: string, work: () => Promise<T | Problem>): Promise<T | Problem> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SourceChanged) {
      const how = error.code === "source_missing" ? "deleted" : "overwritten";
      return {
        code: "source_not_found",
        detail: `The recording of job '${jobId}' has been ${how}. The job's results still exist.`,
      };
    }
    if (error instanceof DamagedSource) return unreadable(error.message);
    throw error;
  }
}

function unreadable(why: string): Problem {
  return { code: "unreadable_recording", detail: why };
}
