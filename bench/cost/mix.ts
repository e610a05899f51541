// A thousand jobs of every kind, most of them small: the test is whether every call is accounted for.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { clip } from "../first-result/clip.ts";

const PHOTO = join(import.meta.dirname, "../../local/samples/coffee.jpg");
const BATCH = 100;

const COUNTS = { texts: 600, twins: 20, pictures: 280, photos: 60, broken: 10, shortRecordings: 28, longRecordings: 2 };
const SHORT_SECONDS = 2;
/** Long enough to be cut into three chunks. */
const LONG_SECONDS = 130;

const PICTURES = [
  { steps: 4 },
  { steps: 1 },
  { model: "flux-2-klein-4b", width: 256, height: 256 },
  { model: "flux-2-klein-4b", width: 513, height: 256 },
  { model: "flux-2-klein-9b", width: 256, height: 512 },
  { model: "flux-2-dev", width: 256, height: 256, steps: 2 },
];
const MOODS = ["calm", "stormy", "wonderful", "terrible", "plain", "bright", "broken", "lovely"];

type Api = <T>(path: string, init: { method: string; body: string | Uint8Array }) => Promise<T>;

/** Submit all jobs. Each duplicate is submitted after its original. */
export async function submitMix(api: Api): Promise<{ ids: readonly string[]; byKind: typeof COUNTS }> {
  const texts = range(COUNTS.texts).map((index) => ({
    kind: "classification",
    text: `A ${MOODS[index % MOODS.length]} day, number ${index}.`.repeat(1 + (index % 5)),
  }));
  const pictures = range(COUNTS.pictures).map((index) => ({
    kind: "image_generation",
    prompt: `a ${MOODS[index % MOODS.length]} harbour, number ${index}`,
    options: PICTURES[index % PICTURES.length],
  }));
  const ids: string[] = [];
  for (const some of inBatches([...interleave(texts, pictures), ...texts.slice(0, COUNTS.twins)])) {
    const body = JSON.stringify({ jobs: some });
    const { results } = await api<{ results: { job: { id: string } }[] }>("/v1/jobs/batch", { method: "POST", body });
    ids.push(...results.map(({ job }) => job.id));
  }
  const upload = async (name: string, body: Uint8Array) => {
    const job = await api<{ id: string }>(`/v1/uploads?name=${name}`, { method: "POST", body });
    ids.push(job.id);
  };
  const jpeg = await readFile(PHOTO);
  // The number after the end of the picture makes every file a different job.
  for (const index of range(COUNTS.photos)) await upload("photo.jpg", Buffer.concat([jpeg, Buffer.from(`${index}`)]));
  // The header is intact, but the picture is missing.
  for (const index of range(COUNTS.broken))
    await upload("broken.jpg", Buffer.concat([jpeg.subarray(0, 2000), Buffer.from(`${index}`)]));
  for (const index of range(COUNTS.shortRecordings)) await upload("short.wav", clip(SHORT_SECONDS, index));
  for (const index of range(COUNTS.longRecordings)) await upload("long.wav", clip(LONG_SECONDS, 100 + index));
  return { ids, byKind: COUNTS };
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Mix the kinds as clients do, so that no batch of the queue has only one kind. */
function interleave<A, B>(many: readonly A[], few: readonly B[]): readonly (A | B)[] {
  const every = Math.ceil(many.length / few.length);
  const mixed: (A | B)[] = [];
  for (const [index, one] of many.entries()) {
    mixed.push(one);
    const other = few[Math.floor(index / every)];
    if (index % every === every - 1 && other !== undefined) mixed.push(other);
  }
  return [...mixed, ...few.slice(Math.floor(many.length / every))];
}

function inBatches<T>(all: readonly T[]): readonly (readonly T[])[] {
  return range(Math.ceil(all.length / BATCH)).map((index) => all.slice(index * BATCH, (index + 1) * BATCH));
}
