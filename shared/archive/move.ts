import type { ExportableJob } from "../db/archive/moving.ts";
import { insertExported, readLongHead, readPassageLines } from "../db/archive/moving.ts";
import { readChunkLines } from "../db/archive/archiving.ts";
import { JobWork } from "../kinds/index.ts";
import { patiently } from "../uploads/patient.ts";
import { isResultKey } from "../uploads/storage.ts";
import { ExportedJob } from "./exported.ts";
import { FORMAT, readLine } from "./line.ts";
import { openLine, type WholeDeps } from "./whole.ts";

/** Write the line of a job, wherever the job is. It stays there. */
export async function exportJob(job: ExportableJob, { db, media }: WholeDeps): Promise<ExportedJob> {
  const { id, place, head, hasChunks } = job;
  const contents =
    place !== null
      ? readLine(id, await openLine(media, place))
      : {
          head: head ?? (await readLongHead(db, id)),
          chunks: hasChunks === 1 ? await readChunkLines(db, id) : [],
          fingerprint: null,
        };
  const parts = [
    `"format":${FORMAT},"job":${JSON.stringify(id)},"row":${job.row},"upload":${job.upload ?? "null"},"labels":${job.labels}`,
    `"versions":${job.versions},"passages":${job.passages ?? (await readPassageLines(db, id))},"contents":${contents.head},"chunks":[${contents.chunks.join(",")}]`,
  ];
  const exported = ExportedJob.parse(JSON.parse(`{${parts.join(",")}}`));
  const { row } = exported;
  const fingerprint = row.fingerprint === null ? null : (contents.fingerprint ?? row.fingerprint);
  return { ...exported, row: { ...row, fingerprint } };
}

/** The result of a line: `known` if there is a job with this id, which stays as it is. */
export type ImportOutcome =
  | { readonly type: "imported" | "known" }
  | { readonly type: "refused"; readonly reason: string };

/** Insert a job from its line. Its results must be in the bucket. */
export async function importJob(job: ExportedJob, { db, media }: WholeDeps, now: number): Promise<ImportOutcome> {
  const { kind } = job.row;
  if (!JobWork.safeParse({ kind, input: parsed(job.contents.input) }).success) {
    return { type: "refused", reason: `Its input is not that of a ${kind} of this version of Darkroom.` };
  }
  const foreign = findForeign(job);
  if (foreign !== null) return { type: "refused", reason: foreign };
  for (const { key, size_bytes: size } of job.contents.artifacts) {
    if (!isResultKey(key)) return { type: "refused", reason: `'${key}' is not the key of a result.` };
    const object = await patiently(() => media.head(key));
    if (object?.size !== size) {
      return { type: "refused", reason: `The bucket has no object '${key}' of ${size} bytes. Copy the results first.` };
    }
  }
  try {
    return { type: (await insertExported(db, job, now)) ? "imported" : "known" };
  } catch (error) {
    if (!(error instanceof Error) || !/constraint|datatype/i.test(error.message)) throw error;
    return { type: "refused", reason: "A column of it has a value that the database does not take." };
  }
}

/** Find what would reach beyond the job: work that would run again, or rows of another job or owner. */
function findForeign({ job, row, versions, passages, contents }: ExportedJob): string | null {
  if (contents.tasks.some(({ state }) => UNFINISHED.has(state ?? null))) return "A task of it has not ended.";
  const ids = new Set(contents.tasks.map(({ id }) => id));
  const isOwn = [...ids].every((id) => typeof id === "string" && id.startsWith(job));
  if (!isOwn || !contents.attempts.every(({ task_id: id }) => ids.has(id ?? null))) {
    return "It has tasks or attempts of another job.";
  }
  if (![...versions, ...passages].every(({ owner_id: ownerId }) => ownerId === row.owner_id)) {
    return "It has versions or passages of another owner.";
  }
  const odd = versions.find(({ key }) => typeof key !== "string" || !isResultKey(key));
  return odd === undefined ? null : `'${odd["key"]}' is not the key of a result.`;
}

const UNFINISHED: ReadonlySet<unknown> = new Set(["pending", "available", "running", "retryable"]);

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
