// Old jobs leave the database: docs/decisions/archive.md.
import { type Estimate, estimatedNeurons } from "../../shared/cost/estimate.ts";
import { seal, type Sealed, unseal } from "../../shared/archive/seal.ts";
import { writeLine } from "../../shared/archive/line.ts";
import {
  deleteArchives,
  findEmptyArchives,
  insertArchive,
  type JobHead,
  type JobSize,
  listEnded,
  readChunkLines,
  readHeads,
  swapForLines,
} from "../../shared/db/archive/archiving.ts";
import { readCursor, writeCursor } from "../../shared/db/jobs/maintenance.ts";
import type { Journal } from "../../shared/jobs/journal.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import { archiveKey } from "../../shared/uploads/storage.ts";
import { lasting } from "../../shared/time-limit.ts";
import { areEarlierWordsFound } from "./find-earlier-words.ts";

export interface ArchiveDeps {
  readonly db: D1Database;
  readonly media: R2Bucket;
  readonly journal: Journal;
  /** How long an ended job stays in the database; 0 for as long as it is kept. */
  readonly archiveAfterMs: number;
}

/**
 * How many ended jobs a run looks at. Those after the cursor are new to it. The second walk, which starts over at its end, finds jobs that were skipped
 * before, brought back or imported: nearly three million jobs a day.
 */
const WALKS = [
  { cursor: "archive", pageJobs: 200, pages: 10, isRound: false },
  { cursor: "archive-again", pageJobs: 2000, pages: 1, isRound: true },
] as const;

/** A run begins no object after this time, except one in each walk: other duties come after it. */
const RUN_MS = 15_000;

/** The jobs of one object are compared in one statement, and a value bound in D1 has at most two megabytes. */
const HEAD_CHARS_AN_OBJECT = 400_000;

/** A longer recording stays in the database. Its chunks are held in memory, and written back in one transaction. */
const MOST_CHUNK_CHARS = 3_000_000;

/** Archive jobs that ended long enough ago, the earliest first. */
export async function archiveJobs(deps: ArchiveDeps, now: number): Promise<number> {
  const { db, archiveAfterMs } = deps;
  if (archiveAfterMs === 0 || !(await areEarlierWordsFound(db))) return 0;
  const isTime = lasting(RUN_MS);
  let count = 0;
  for (const { cursor: name, pageJobs: limit, pages, isRound } of WALKS) {
    for (let page = 1; page <= pages && (page === 1 || isTime()); page += 1) {
      const cursor = await readCursor(db, name);
      const ended = await listEnded(db, { after: placeIn(cursor), before: now - archiveAfterMs, now, limit });
      const archived = await archiveSome(
        ended.flatMap(({ id, ownerId, size }) => (size === null ? [] : [{ id, ownerId, ...size }])),
        deps,
        { now, isTime },
      );
      count += archived.count;
      if (!archived.isAll) break; // the next run finds the others again
      const last = ended.at(-1);
      const isLast = ended.length < limit;
      const next = isLast && isRound ? null : last === undefined ? cursor : `${last.finalizedAt} ${last.id}`;
      if (next !== cursor) await writeCursor(db, name, next);
      if (isLast) break;
    }
  }
  return count;
}

function placeIn(cursor: string | null): { at: number; id: string } {
  const [at = "0", id = ""] = (cursor ?? "").split(" ");
  return { at: Number(at), id };
}

interface SizedJob extends JobSize {
  readonly id: string;
  readonly ownerId: string;
}

/** Archive those of these jobs that are not too large, at least one object of them. */
async function archiveSome(
  jobs: readonly SizedJob[],
  deps: ArchiveDeps,
  { now, isTime }: { readonly now: number; readonly isTime: () => boolean },
): Promise<{ readonly count: number; readonly isAll: boolean }> {
  let count = 0;
  for (const [index, group] of groupsOf(jobs).entries()) {
    if (index > 0 && !isTime()) return { count, isAll: false };
    // Jobs that cannot be archived stay whole, and must not hold up those after them. The second walk tries them again.
    count += await archiveTogether(group, deps, now).catch((error: unknown) => {
      deps.journal.fault({ event: "archive.failed" }, error, { jobs: group.length });
      return 0;
    });
  }
  return { count, isAll: true };
}

/** Jobs of one owner go together, so that a page of a list is close together in the object. */
function groupsOf(jobs: readonly SizedJob[]): readonly (readonly SizedJob[])[] {
  const groups: SizedJob[][] = [];
  let [headChars, chunkChars] = [Infinity, 0];
  for (const job of [...Map.groupBy(jobs, ({ ownerId }) => ownerId).values()].flat()) {
    if (job.headChars > HEAD_CHARS_AN_OBJECT || job.chunkChars > MOST_CHUNK_CHARS) continue;
    if (headChars + job.headChars > HEAD_CHARS_AN_OBJECT || chunkChars + job.chunkChars > MOST_CHUNK_CHARS) {
      groups.push([]);
      [headChars, chunkChars] = [0, 0];
    }
    headChars += job.headChars;
    chunkChars += job.chunkChars;
    groups.at(-1)?.push(job);
  }
  return groups;
}

/**
 * Write jobs into one object, read it back, and only then replace their contents by references to it. If the run ends in between, the
 * jobs are still whole in the database, and the object is deleted later, because no row refers to it.
 */
async function archiveTogether(group: readonly SizedJob[], { db, media }: ArchiveDeps, now: number): Promise<number> {
  const jobs = await readHeads(
    db,
    group.map(({ id }) => id),
  );
  if (jobs.length === 0) return 0;
  const cut = new Set(group.filter(({ chunkChars }) => chunkChars > 0).map(({ id }) => id));
  const lines: (Sealed & { readonly job: JobHead; readonly text: string; readonly offset: number })[] = [];
  let size = 0;
  for (const job of jobs) {
    const chunks = cut.has(job.id) ? await readChunkLines(db, job.id) : [];
    const { head, fingerprint } = job;
    const text = writeLine(job.id, { head, chunks, fingerprint });
    const sealed = await seal(text);
    lines.push({ ...sealed, job, text, offset: size });
    size += sealed.bytes.length;
  }
  const object = new Uint8Array(size);
  for (const { bytes, offset } of lines) object.set(bytes, offset);

  const archiveId = newArchiveId();
  const key = archiveKey(archiveId);
  await insertArchive(db, archiveId, now);
  await patiently(() => media.put(key, object));
  const stored = await patiently(async () => (await media.get(key))?.arrayBuffer());
  for (const { bytes, offset, secret, text, job } of lines) {
    const read = await unseal({ bytes: (stored ?? new ArrayBuffer()).slice(offset, offset + bytes.length), secret });
    if (read !== text) throw new Error(`object '${key}' does not have the line of job '${job.id}'`);
  }
  const rows = lines.map(({ job, offset, bytes, secret }) => ({
    id: job.id,
    head: job.head,
    estimatedNeurons: job.estimate === null ? null : estimatedNeurons(JSON.parse(job.estimate) as Estimate), // our own JSON
    offset,
    bytes: bytes.length,
    secret,
  }));
  return swapForLines(db, archiveId, rows, now);
}

/** Each row refers to its object by this id, so it is short. */
function newArchiveId(): string {
  return crypto.getRandomValues(new Uint8Array(7)).toBase64({ alphabet: "base64url", omitPadding: true });
}

const OBJECTS_A_RUN = 100;

/** Delete objects that no job has referred to for a month. */
export async function forgetArchives({ db, media }: ArchiveDeps, now: number): Promise<number> {
  const empty = await findEmptyArchives(db, now, OBJECTS_A_RUN);
  if (empty.length === 0) return 0;
  await patiently(() => media.delete(empty.map(archiveKey)));
  await deleteArchives(db, empty);
  return empty.length;
}
