// Finds objects of the inbox that have no job: their event was dropped, or came while no consumer was listening.
import { findUnknownUploads, readCursor, readForgottenTo, writeCursor } from "../../shared/db/jobs/maintenance.ts";
import { noteSweep } from "../../shared/db/uploads/findings.ts";
import { knowsDeletions } from "../../shared/db/jobs/restores.ts";
import { DAY_MS } from "../../shared/durations.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import type { Announcement } from "../../shared/uploads/announcement.ts";
import { INBOX_PREFIX, MEDIA_BUCKET } from "../../shared/uploads/storage.ts";
import { lasting } from "../../shared/time-limit.ts";
import { ingestFound } from "../ingest/ingest-carefully.ts";

export interface SweepDeps extends Intake {
  /** How long a message may take before it counts as lost. */
  readonly wakeGraceMs: number;
  /** How long the row of an upload is kept, in days. */
  readonly uploadDays: number;
}

const CURSOR = "inbox";

const OBJECTS_A_PAGE = 1000;

/** A page of known objects costs one list and a thousand rows read. A run looks at this many of them, however large the inbox is. */
const KNOWN_PAGES_A_RUN = 10;

/**
 * A run begins to read no objects after this time. Each takes two calls to R2, of which six run at once. At 30 ms a call that is more than
 * 2,500 objects a run, 150,000 an hour; the Paid plan allows an invocation 10,000 calls.
 */
const BEGIN_WITHIN_MS = 30_000;

/** Objects that are read together. Their reading is noted before, and ends after them. */
const OBJECTS_AT_ONCE = 100;

/**
 * Create jobs for objects in the inbox that have none. The cursor passes an object once it was read, even if that failed. So objects that
 * cannot be read do not hold up those after them, and are tried again in the next round. An object whose row may have ended is not looked at.
 * @returns how many objects without a job were found.
 */
export async function sweepInbox(deps: SweepDeps, now: number): Promise<number> {
  const { db, media } = deps;
  if (!(await knowsDeletions(db, now))) return 0;
  const isTime = lasting(BEGIN_WITHIN_MS);
  // An object whose row may have ended may have had its job.
  const since = Math.max(now - deps.uploadDays * DAY_MS, await readForgottenTo(db));
  let cursor = await readCursor(db, CURSOR);
  let count = 0;
  let knownPages = 0;
  do {
    const page = await media.list({
      prefix: INBOX_PREFIX,
      limit: OBJECTS_A_PAGE,
      ...(cursor !== null && { startAfter: cursor }),
    });
    const unknown = await findUnknown(page.objects, deps, { since, until: now - deps.wakeGraceMs });
    const passed = await ingestSome(unknown, deps, { now, isTime });
    count += passed;
    const end = page.truncated ? (page.objects.at(-1)?.key ?? null) : null;
    const next: string | null = passed < unknown.length ? (unknown[passed - 1]?.key ?? cursor) : end;
    if (next !== cursor) await writeCursor(db, CURSOR, next);
    if (unknown.length === 0) knownPages += 1;
    cursor = next;
  } while (cursor !== null && isTime() && knownPages < KNOWN_PAGES_A_RUN);
  if (count > 0) await noteSweep(db, now);
  return count;
}

async function findUnknown(
  objects: readonly R2Object[],
  { db }: SweepDeps,
  { since, until }: { since: number; until: number },
): Promise<readonly Announcement[]> {
  const looked = objects
    .map(({ key, etag, uploaded }) => ({ bucket: MEDIA_BUCKET, key, etag, uploadedAt: uploaded.getTime() }))
    .filter(({ uploadedAt }) => uploadedAt > since && uploadedAt <= until);
  return looked.length === 0 ? [] : findUnknownUploads(db, looked);
}

/** @returns how many of the objects, from the first one on, were read or could not be read. */
async function ingestSome(
  unknown: readonly Announcement[],
  deps: SweepDeps,
  { now, isTime }: { now: number; isTime: () => boolean },
): Promise<number> {
  let passed = 0;
  while (passed < unknown.length && (passed === 0 || isTime())) {
    const some = unknown.slice(passed, passed + OBJECTS_AT_ONCE);
    await ingestFound(some, deps, now).catch(async (error: unknown) => {
      deps.journal.fault({ event: "ingest.failed" }, error, { uploads: some.length });
      // D1 may refuse one of them. If D1 does not answer at all, it will for a later run.
      for (const one of some) {
        if (!isTime()) return;
        await ingestFound([one], deps, now).catch(() => undefined);
      }
    });
    passed += some.length;
  }
  return passed;
}
