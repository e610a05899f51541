// Every upload passes through here, however it comes in. This decides which job it becomes.
import { SNIFF_BYTES } from "../limits.ts";
import type { JobWork } from "../kinds/index.ts";
import type { Intake } from "./intake.ts";
import type { Source } from "./source.ts";
import type { JobMarks } from "./tags-and-metadata.ts";
import type { JobTerms } from "./terms.ts";
import { readLatencies } from "../db/models/latencies.ts";
import { type Choice, chooseModel, type Chosen, chosenByName } from "../models/choose-model.ts";
import { routeUpload } from "../uploads/route-upload.ts";

/** A description of a job: what it works on, which model does it and why, its terms, and its client's tags and metadata. */
export interface JobDescription {
  readonly work: JobWork;
  readonly choice: Choice;
  readonly terms: JobTerms;
  readonly marks: JobMarks;
}

export type RefusedUpload =
  /** `field` is set if the request is at fault, and not the object. */
  | { readonly type: "refused"; readonly reason: string; readonly field?: "then" }
  /** No model keeps the latency budget; the reason names the fastest. */
  | { readonly type: "too_slow"; readonly reason: string };

export type DescribedUpload = { readonly type: "job"; readonly job: JobDescription } | RefusedUpload;

export interface UploadToDescribe {
  /** Its etag is empty before it is stored. */
  readonly source: Source;
  /** R2 custom metadata: see `UploadHead`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The terms of the request, which replace those in the metadata. */
  readonly terms?: JobTerms;
  /** At least `SNIFF_BYTES`, or all of a smaller object. If it is left out, it is read from the bucket. */
  readonly head?: Uint8Array;
}

type DescribeDeps = Pick<Intake, "db" | "media" | "hasImages">;

/**
 * Read the object's first bytes, find the kind of job that takes it, and choose the model. One read of R2, unless `head` is
 * given; D1 is asked only if there is a latency budget.
 * @returns `gone` if this version of the object no longer exists.
 */
export async function describeUpload(
  upload: UploadToDescribe & { readonly head: Uint8Array },
  deps: DescribeDeps,
  now?: number,
): Promise<DescribedUpload>;
export async function describeUpload(
  upload: UploadToDescribe,
  deps: DescribeDeps,
  now?: number,
): Promise<DescribedUpload | { readonly type: "gone" }>;
export async function describeUpload(
  { source, metadata, terms, head }: UploadToDescribe,
  { db, media, hasImages }: DescribeDeps,
  now = Date.now(),
): Promise<DescribedUpload | { readonly type: "gone" }> {
  const bytes = head?.subarray(0, SNIFF_BYTES) ?? (await readHead(media, source));
  if (bytes === null) return { type: "gone" };
  const route = await routeUpload({ source, head: bytes, metadata }, { hasImages });
  if (route.type === "ignored") return { ...route, type: "refused" };
  const asked = { work: route.work, terms: terms ?? route.terms };
  const chosen = await decideModel(db, asked, now);
  if (!chosen.ok) return { type: "too_slow", reason: chosen.reason };
  const { work, choice } = chosen;
  return { type: "job", job: { work, choice, terms: asked.terms, marks: route.marks } };
}

/** Decide which model does this work on these terms. Asks D1 only if there is a latency budget. */
export async function decideModel(
  db: D1Database,
  { work, terms }: { readonly work: JobWork; readonly terms: JobTerms },
  now = Date.now(),
): Promise<Chosen> {
  const { latencyBudgetMs } = terms;
  return latencyBudgetMs === undefined
    ? chosenByName(work)
    : chooseModel(work, latencyBudgetMs, await readLatencies(db, now));
}

/** Read the first bytes of one version of an object; null if that version no longer exists. */
async function readHead(media: R2Bucket, { key, etag, sizeBytes }: Source): Promise<Uint8Array | null> {
  if (sizeBytes === 0) return new Uint8Array();
  const object = await media.get(key, { range: { offset: 0, length: SNIFF_BYTES }, onlyIf: { etagMatches: etag } });
  return object !== null && "body" in object ? new Uint8Array(await object.arrayBuffer()) : null;
}
