// Jobs as customers send them: owners of very different sizes, three kinds, tags, metadata, words. The same for the same seed.
import { between, createRandom, pick, type Random } from "../../local/seeded-random.ts";
import type { JobWork } from "../../shared/kinds/index.ts";
import { newJob, type NewJob } from "../../shared/jobs/new-job.ts";
import { DEFAULT_TERMS } from "../../shared/jobs/terms.ts";
import { MEDIA_BUCKET } from "../../shared/uploads/storage.ts";

/** The largest has 40 % of the jobs, the smallest 0.1 %; 48 others share the rest. */
export const LARGEST = "owner-largest";
export const SMALLEST = "owner-smallest";
const OTHERS = 48;

/** In the half of all texts, whoever wrote them. */
export const COMMON_WORDS = ["meeting", "project", "customer"] as const;

/** On a third of all jobs: of every owner. */
export const COMMON_LABEL = "invoice";
const LABELS = [COMMON_LABEL, "receipt", "contract", "letter", "photo", "drawing", "plan", "map", "chart"] as const;

/** On half of an owner's jobs. */
export const COMMON_TAG = "archive";
/** On one job in two hundred. */
export const RARE_PAIR = { key: "customer", value: "c17" } as const;

const WORDS_IN_A_TEXT = 12;
const SYLLABLES = ["ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su", "ta", "ve"] as const;

export interface DrawnJob {
  readonly job: NewJob;
  /** What its attempt finds in it. */
  readonly words: string;
  readonly labels: readonly string[];
  readonly source: { readonly key: string; readonly etag: string; readonly sizeBytes: number } | null;
}

/** Draws one job after another. `transcriptWords` is the length of each transcript; one job in a hundred has one. */
export function createJobs(seed: number, { transcriptWords }: { readonly transcriptWords: number }) {
  const random = createRandom(seed, 0);
  let number = 0;
  return async (createdAt: number): Promise<DrawnJob> => {
    number += 1;
    const ownerId = ownerOf(random);
    const id = `job_${hex(random)}`;
    const kind = random();
    // The number makes each text another one: no job reuses the result of an earlier one.
    const text = `${sentence(random, WORDS_IN_A_TEXT)} ${number}`;
    const source =
      kind >= 0.8 ? { key: `inbox/${ownerId}/${number}.wav`, etag: hex(random), sizeBytes: 200_000 } : null;
    const upload = source && { bucket: MEDIA_BUCKET, key: source.key, etag: source.etag, storedAt: createdAt };
    const work = workOf(kind, text, source);
    const marks = {
      tags: [...(random() < 0.5 ? [COMMON_TAG] : []), `team-${between(random, 1, 5)}`],
      metadata: random() < 0.2 ? { [RARE_PAIR.key]: `c${between(random, 1, 40)}`, order: String(number) } : {},
    };
    const job = await newJob(work, DEFAULT_TERMS, { id, ownerId, createdAt, marks, ...(upload && { upload }) });
    const words = work.kind === "transcription" ? sentence(random, transcriptWords) : source === null ? text : "";
    const labels = work.kind === "classification" ? [pick(random, LABELS), pick(random, LABELS)] : [];
    return { job, words, labels: [...new Set(labels)], source };
  };
}

function workOf(kind: number, text: string, source: DrawnJob["source"]): JobWork {
  if (source === null) {
    return kind < 0.6
      ? { kind: "classification", input: { text, options: { topK: 5, minScore: 0 } } }
      : { kind: "image_generation", input: { prompt: text, options: {} } };
  }
  return kind < 0.99
    ? { kind: "classification", input: { source, media: "image", options: { topK: 5, minScore: 0 } } }
    : { kind: "transcription", input: { source, options: { tier: "accurate" } } };
}

function ownerOf(random: Random): string {
  const share = random();
  if (share < 0.4) return LARGEST;
  return share < 0.401 ? SMALLEST : `owner-${between(random, 1, OTHERS)}`;
}

/** A common word in each second sentence of twelve; the others are from a vocabulary of 20,000. */
function sentence(random: Random, words: number): string {
  return Array.from({ length: words }, () => (random() < 0.06 ? pick(random, COMMON_WORDS) : word(random))).join(" ");
}

function word(random: Random): string {
  return Array.from({ length: 4 }, () => pick(random, SYLLABLES)).join("");
}

function hex(random: Random): string {
  return Array.from({ length: 4 }, () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
}
