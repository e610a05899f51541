// What the bucket knows about jobs that reuse the result of another: no object under their own names says so.
import { classification } from "../kinds/classification/kind.ts";
import * as z from "zod";

import { patiently } from "../uploads/patient.ts";
import type { Label, StoredArtifact } from "../jobs/outcome.ts";
import { reusedKey } from "../uploads/storage.ts";
import { keptByMinute } from "./by-minute.ts";

/** A job that shows the result of another. */
export interface Reuse {
  readonly jobId: string;
  /** The job whose result it is. */
  readonly reusedFrom: string;
  /** When it reused the result: epoch milliseconds. */
  readonly endedAt: number;
  readonly savedNeurons: number | null;
  readonly artifacts: readonly StoredArtifact[];
}

/** The artifact that holds a job's labels. They are words about its source, so no record repeats them. */
const LABELS = classification.result;
const Labelled = z.object({ labels: z.array(z.object({ label: z.string(), score: z.number() })) });

/** Reused results, by the time when they were reused. */
export const reuseRecords = keptByMinute<Reuse>(({ endedAt }) => endedAt, reusedKey);

/** Read the labels that belong to a result; none if it has none, or is gone. */
export async function readLabels(media: R2Bucket, { artifacts }: Reuse): Promise<readonly Label[]> {
  const stored = artifacts.find(({ name }) => name === LABELS);
  if (stored === undefined) return [];
  const json = await patiently(async () => (await media.get(stored.key))?.json<unknown>());
  return Labelled.safeParse(json).data?.labels ?? [];
}
