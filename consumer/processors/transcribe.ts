import type * as z from "zod";

import { type ChunkRecord, composeTranscript } from "../../shared/transcripts/compose-transcript.ts";
import { estimateWork } from "../../shared/cost/estimate-work.ts";
import { TranscriptionInput, wantedOf } from "../../shared/kinds/transcription/kind.ts";
import type { NewTask } from "../../shared/jobs/task.ts";
import type { Transcript } from "../../shared/transcripts/transcript.ts";
import { SMALL_BYTES } from "../../shared/audio/chunks/limits.ts";
import { type ByteSource, r2Source, readOnce } from "../../shared/audio/reading/byte-source.ts";
import { extentOf } from "../../shared/audio/extent.ts";
import { planAudio } from "../../shared/audio/plan.ts";
import type { Outcome } from "../../shared/jobs/outcome.ts";
import { type ChunkArgs, cutAndTranscribe } from "../transcription/cut-and-transcribe.ts";
import { cutting } from "../transcription/cutting.ts";
import { completeWith, TRANSCRIPT } from "../transcription/store-transcript.ts";
import type { Attempt } from "../runner/attempt.ts";
import type { JoinArgs } from "./join-transcript.ts";
import { discard, processor } from "./processor.ts";
import type { Tools } from "./tools.ts";
import { chunkTask } from "./transcribe-chunk.ts";

const JOIN_STAGE = 2;

type TranscribeTools = Pick<Tools, "models" | "media" | "memory" | "results">;

/**
 * Transcribe speech. A short recording is transcribed here in one call. For a long one only the headers are read here, and the
 * job continues with chunks, side by side, and their join.
 */
export function createTranscribe({ models, media, memory, results }: TranscribeTools) {
  return processor(TranscriptionInput, async (input, attempt) => {
    const { source } = input;
    if (source.sizeBytes === 0) return discard("source_empty", `The object '${source.key}' is empty.`);
    const known = await results.reuseJson<Transcript>(attempt, TRANSCRIPT);
    if (known !== null) return completeWith(attempt, known, results);
    return cutting(() => plan(input, attempt));
  });

  async function plan(input: TranscriptionInput, attempt: Attempt): Promise<Outcome> {
    const { source, options } = input;
    const stored = r2Source(media(attempt), source);
    // Planning and cutting would otherwise read a small recording twice.
    const object = source.sizeBytes <= SMALL_BYTES ? readOnce(stored) : stored;
    const planned = await planAudio(object, wantedOf(options));
    const estimate = estimateWork({ kind: "transcription", input }, extentOf(planned));
    if (estimate !== null) attempt.foresee(estimate);
    switch (planned.type) {
      case "refused":
        return discard(planned.code, planned.message);
      case "chunks": {
        const { durationMs, chunks, gaps = [], tracks, track } = planned;
        const named = tracks !== undefined && track !== undefined && { tracks, track };
        if (named) attempt.nameTracks(named);
        const recording = { durationMs, gaps, ...named };
        const parts = chunks.map((chunk): ChunkArgs => ({ source, options, container: chunk.extra.type, chunk }));
        const [only] = parts;
        return only !== undefined && parts.length === 1
          ? transcribeOnly(only, { object, recording }, attempt)
          : inChunks(parts, recording);
      }
    }
  }

  /** Cut a short recording and transcribe it at once, without stages. */
  async function transcribeOnly(
    args: ChunkArgs,
    { object, recording }: { object: ByteSource; recording: Recording },
    attempt: Attempt,
  ): Promise<Outcome> {
    const came = await cutAndTranscribe(
      args,
      attempt,
      { models, media, memory, results },
      {
        object,
        isWhole: object.sizeBytes <= SMALL_BYTES && recording.gaps.length === 0,
      },
    );
    if (came.type === "discard") return came;
    if (came.type === "transcribed") return storeOnly(came.record, recording, attempt);
    const parts = came.halves.map((chunk) => ({ ...args, chunk }));
    return inChunks(parts, recording);
  }

  /** The transcript of one call. */
  async function storeOnly(record: ChunkRecord, recording: Recording, attempt: Attempt): Promise<Outcome> {
    const transcript = composeTranscript([record], { ...recording, hasAllEnded: true });
    return completeWith(attempt, transcript, results);
  }
}

/** What is known of a recording when it is planned. */
type Recording = z.infer<typeof JoinArgs>;

function inChunks(parts: readonly ChunkArgs[], args: Recording): Outcome {
  const join: NewTask = { name: "join", kind: "join_transcript", stage: JOIN_STAGE, model: null, args };
  return { type: "completed", next: [...parts.map(chunkTask), join] };
}
