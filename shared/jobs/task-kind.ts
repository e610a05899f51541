import type { JobKind } from "./job.ts";
import type { Step } from "./steps.ts";

export type TaskKind =
  | "transcribe"
  | "transcribe_chunk"
  | "join_transcript"
  | "generate_image"
  | "classify"
  | "deliver_webhook"
  | Step;

/** Which kind of job each kind of task is a part of; null for what follows or runs beside jobs of several kinds. */
export const JOB_KIND_OF: Readonly<Record<TaskKind, JobKind | null>> = {
  transcribe: "transcription",
  transcribe_chunk: "transcription",
  join_transcript: "transcription",
  generate_image: "image_generation",
  classify: "classification",
  deliver_webhook: null,
  summarise: null,
  embed: null,
  describe: null,
};
