// The jobs of a run. A job's mark, `j` and its number, is in everything that it sends and receives.
import { newJob, type NewJob } from "../../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../../shared/jobs/terms.ts";
import { speech } from "../../test/speech.ts";
import { pictureOf } from "./model.ts";
import type { ChaosPlan, WorkKind } from "./plan.ts";
import { createRandom, pickWeighted } from "../../local/seeded-random.ts";
import { JobWork } from "../../shared/kinds/index.ts";

export const OWNER = "operator";

/** Recordings have six megabytes each, and a few of them give thousands of chunk operations. */
const MIX: Readonly<Record<WorkKind, number>> = { picture: 36, text: 30, photo: 16, note: 17.6, recording: 0.4 };

export interface Work {
  readonly mark: string;
  readonly kind: WorkKind;
}

export function workOf(index: number, { seed, only }: ChaosPlan): Work {
  // The first five have one of each kind, so that the smallest run has all kinds.
  const mixed = createRandom(seed, 1000 + index);
  const kind = only ?? (["recording", "note", "photo", "text", "picture"] as const)[index] ?? pickWeighted(mixed, MIX);
  return { mark: `j${index + 1}`, kind };
}

/** The words of a job's recording. */
export function wordsOf({ mark, kind }: Work): string[] {
  const number = Number(mark.slice(1));
  // A note is transcribed in one call. A recording of one and a half to three minutes has two to four chunks.
  const count = kind === "note" ? 4 + (number % 9) : 150 + 70 * ((number + 3) % 4);
  return Array.from({ length: count }, (_, index) => `${mark}w${index}`);
}

/** Return a job that a client describes; null for one that an object announces. */
export async function describedJob({ mark, kind }: Work, createdAt: number): Promise<NewJob | null> {
  const terms = DEFAULT_TERMS;
  const id = `job_${mark}`;
  if (kind === "picture") {
    const input = { prompt: `a quiet harbour, ${mark}`, options: { steps: 4 } };
    return newJob(JobWork.parse({ kind: "image_generation", input }), terms, { id, ownerId: OWNER, createdAt });
  }
  if (kind === "text") {
    const input = { text: `what a day, ${mark}`, options: {} };
    return newJob(JobWork.parse({ kind: "classification", input }), terms, { id, ownerId: OWNER, createdAt });
  }
  return null;
}

/** Return the object of a job that is announced. */
export function sourceOf(work: Work): { key: string; body: Uint8Array<ArrayBuffer> } {
  if (work.kind === "photo") return { key: `inbox/${work.mark}.jpg`, body: pictureOf(work.mark) };
  return { key: `inbox/${work.mark}.wav`, body: speech(wordsOf(work).join(" ")) };
}
