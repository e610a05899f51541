import { beginReadings, endReadings, findReadings } from "../../shared/db/uploads/readings.ts";
import { retryTransient } from "../../shared/db/transient.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { takeIn } from "../../shared/jobs/take-in.ts";
import { MAX_LOST } from "../../shared/jobs/task.ts";
import type { Announcement } from "../../shared/uploads/announcement.ts";
import { ingestUploads } from "./ingest-upload.ts";

/** Each suspect costs three more round trips to D1 than another object. */
const SUSPECTS_A_RUN = 20;

const REASON = `${MAX_LOST} readers ended while they read the object; all but the first were reading nothing else. It is not read again. Keep it for a test. When the cause is fixed, submit a job for it.`;

/** Ingest objects that the sweep found. Each is noted while it is read. An object whose reader did not come back is read alone. */
export async function ingestFound(objects: readonly Announcement[], deps: Intake, now: number): Promise<void> {
  if (objects.length === 0) return;
  const suspects = await findReadings(deps.db, objects);
  const begun = await beginReadings(
    deps.db,
    objects.filter((object) => !suspects.has(object)),
    now,
  );
  const others = [...begun.keys()];
  try {
    await ingestUploads(others, deps);
  } finally {
    await end(others, deps);
  }
  await ingestOneByOne([...suspects].slice(0, SUSPECTS_A_RUN), deps, now);
}

/**
 * Read each object alone, so that an object that ends its reader is identified. After `MAX_LOST` lost readers it is recorded as
 * an ignored upload.
 * @returns `failed`: objects that could not be read this time; `busy`: objects that another consumer is reading, or was reading
 * when it ended.
 * @throws if D1 cannot be reached; the call may be repeated.
 */
export async function ingestOneByOne(
  objects: readonly Announcement[],
  deps: Intake,
  now: number,
): Promise<{ readonly failed: ReadonlySet<Announcement>; readonly busy: ReadonlySet<Announcement> }> {
  const failed = new Set<Announcement>();
  const busy = new Set<Announcement>();
  for (const object of objects) {
    const reading = (await beginReadings(deps.db, [object], now)).get(object);
    if (reading === undefined) {
      busy.add(object);
      continue;
    }
    try {
      if (reading.lost >= MAX_LOST) await ignore(object, deps, now);
      else for (const one of await ingestUploads([object], deps)) failed.add(one);
    } finally {
      await end([object], deps);
    }
  }
  return { failed, busy };
}

/** If this fails, the note stays, and counts as one lost reader. */
async function end(objects: readonly Announcement[], { db, journal }: Intake): Promise<void> {
  await retryTransient(() => endReadings(db, objects)).catch((error: unknown) =>
    journal.fault({ event: "ingest.failed" }, error, { uploads: objects.length }),
  );
}

async function ignore(object: Announcement, deps: Intake, now: number): Promise<void> {
  const upload = { ...object, ownerId: deps.operatorId, sizeBytes: 0, jobId: null, ignoredReason: REASON };
  await takeIn({ jobs: [], uploads: [upload] }, deps, now);
}
