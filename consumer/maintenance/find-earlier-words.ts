// Jobs that ended before every job could be found by its words (migration 0003). They are processed once, the earliest first.
import { readJobContents } from "../../shared/db/jobs/contents.ts";
import { readCursor, writeCursor } from "../../shared/db/jobs/maintenance.ts";
import { type EndedPlace, findWordless, insertWords } from "../../shared/db/search/words.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { cutPassages } from "../../shared/search/cut-passages.ts";
import { readSearchableText } from "../steps/read-searchable-text.ts";

const CURSOR = "words";
const ALL = "all";

/** How many jobs one run looks at, and how many of them it reads. Reading a job takes some calls to R2. */
const LOOKED_AT = 500;
const READ_A_RUN = 25;

/** Return whether search finds all earlier jobs by their words. A job that is not found yet must stay in the database until then. */
export async function areEarlierWordsFound(db: D1Database): Promise<boolean> {
  return (await readCursor(db, CURSOR)) === ALL;
}

/** Let search find earlier jobs by their words. When all of them are done, a run reads only the cursor. */
export async function findEarlierWords(
  { db, media, journal }: Pick<Intake, "db" | "media" | "journal">,
  _now: number,
): Promise<number> {
  const cursor = await readCursor(db, CURSOR);
  if (cursor === ALL) return 0;
  const jobs = await findWordless(db, placeIn(cursor), LOOKED_AT);
  let last: EndedPlace | undefined;
  let count = 0;
  for (const job of jobs) {
    if (job.isWordless && count === READ_A_RUN) break;
    if (job.isWordless) {
      count += 1;
      // A job that cannot be read must not hold up the others.
      await findByWords(job.jobId, { db, media }).catch((error: unknown) => {
        journal.fault({ event: "words.failed", jobId: job.jobId }, error);
      });
    }
    last = job;
  }
  const isThrough = jobs.length < LOOKED_AT && last === jobs.at(-1);
  await writeCursor(db, CURSOR, isThrough || last === undefined ? ALL : `${last.endedAt} ${last.jobId}`);
  return count;
}

async function findByWords(jobId: string, { db, media }: Pick<Intake, "db" | "media">): Promise<void> {
  const contents = await readJobContents(db, jobId);
  if (contents === null) return;
  await insertWords(db, jobId, cutPassages(jobId, await readSearchableText(contents, media)));
}

function placeIn(cursor: string | null): EndedPlace {
  const [endedAt = "0", jobId = ""] = (cursor ?? "").split(" ");
  return { endedAt: Number(endedAt), jobId };
}
