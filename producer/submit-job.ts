import type { JobRow } from "../shared/db/job-reads.ts";
import type { Intake } from "../shared/intake.ts";
import type { JobMarks } from "../shared/marks.ts";
import { JobWork, type Source } from "../shared/new-job.ts";
import { readHead } from "../shared/read-head.ts";
import { routeUpload } from "../shared/route-upload.ts";
import type { JobTerms } from "../shared/terms.ts";
import { acceptJobs } from "./accept-jobs.ts";
import type { Problem } from "./problem.ts";
import type { JobRequest } from "./requests.ts";

/** What a job is to be: what it works on, on what terms, and what its client notes down about it. */
export interface Asked {
  readonly work: JobWork;
  readonly terms: JobTerms;
  readonly marks: JobMarks;
  /** The object that it reads, if any. */
  readonly source: Source | null;
}

export type Submitted =
  | { readonly ok: true; readonly job: JobRow; readonly isNew: boolean }
  | { readonly ok: false; readonly problem: Problem };

/** Who asks, and what the ids of their jobs are made from (seeded-ids.ts). */
export interface Asker {
  readonly ownerId: string;
  readonly seed: string | undefined;
}

/** Sources are read so many at a time: each takes two of the connections an invocation may have open. */
const SOURCES_AT_ONCE = 3;

/** Take jobs that a client describes, each on its own, in the order given. What is valid is inserted in one transaction. */
export async function submitJobs(
  requests: readonly JobRequest[],
  asker: Asker,
  deps: Intake,
): Promise<readonly Submitted[]> {
  const prepared: (Asked | Problem)[] = [];
  for (let start = 0; start < requests.length; start += SOURCES_AT_ONCE) {
    const some = requests.slice(start, start + SOURCES_AT_ONCE);
    prepared.push(...(await Promise.all(some.map((request) => prepare(request, asker.ownerId, deps)))));
  }
  const accepted = await acceptJobs(
    prepared.filter((one) => "work" in one),
    asker,
    deps,
  );
  let next = 0;
  return prepared.map((one): Submitted => {
    if ("code" in one) return { ok: false, problem: one };
    const result = accepted[next];
    next += 1;
    if (result === undefined) throw new Error("fewer jobs were accepted than asked for");
    return { ok: true, ...result };
  });
}

async function prepare(request: JobRequest, ownerId: string, deps: Intake): Promise<Asked | Problem> {
  const { kind, source: key, options, tags, metadata, ...rest } = request;
  const { priority, reuse, startWithinSeconds, deadlineSeconds, ...inline } = rest;
  const terms = { priority, reuse, startWithinSeconds, deadlineSeconds };
  const marks = { tags, metadata };
  if (key === undefined) {
    return { work: JobWork.parse({ kind, input: { ...inline, options } }), terms, marks, source: null };
  }

  const object = await deps.media.head(key);
  // Another owner's object and none at all look the same.
  if (object === null || (object.customMetadata?.["owner"] ?? deps.operatorId) !== ownerId) {
    return { code: "source_not_found", detail: `There is no object '${key}'.` };
  }
  const source = { key, etag: object.etag, sizeBytes: object.size };
  const head = object.size === 0 ? new Uint8Array() : await readHead(deps.media, source);
  if (head === null) return { code: "source_not_found", detail: `'${key}' was just replaced.` };
  const route = await routeUpload({ source, head, metadata: { kind, options: JSON.stringify(options) } });
  if (route.type === "job") return { work: route.work, terms, marks, source };
  return { code: "unsupported_media", detail: route.reason };
}
